import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Notice } from "../../parts/states.tsx";

/** Workers come up after the server: until then it is no finding that they are not. */
const STARTING_S = 20;

/** What doctor finds wrong, and a word on what to do; nothing where all is well. */
export function Health() {
  const { data } = useQuery("system", (signal) => dataOf(calls().GET("/v1/system", { signal })), {
    every: 10,
  });
  const starts = (data?.uptime_s ?? 0) < STARTING_S;
  const wrong =
    data?.findings.filter(({ severity, check }) =>
      severity === "warning" || (severity === "error" && !(starts && check.startsWith("worker ")))
    ) ?? [];
  if (wrong.length === 0) return null;
  // Both workers have the same GPU, and say the same of it.
  const told = Map.groupBy(wrong, ({ message }) => message);
  const worst = wrong.some(({ severity }) => severity === "error") ? "bad" : "warning";
  return (
    <Notice tone={worst}>
      <ul class="home-findings">
        {[...told].map(([message, same]) => (
          <li key={message}>
            <strong>{same.map(({ check }) => check).join(", ")}:</strong> {message}.{" "}
            {same[0].remedy[0] && <span class="home-remedy">To do: {same[0].remedy[0]}.</span>}{" "}
            <a href={href("/system")}>All findings</a>
          </li>
        ))}
      </ul>
    </Notice>
  );
}
