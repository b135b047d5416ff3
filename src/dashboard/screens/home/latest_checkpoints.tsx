import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { Id } from "../../parts/copy_button.tsx";
import { formatCount, formatPercent } from "../../parts/format.ts";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Section } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";

/** The newest checkpoints, each a click from being tried. */
export function LatestCheckpoints({ rows }: { rows: number }) {
  const query = useQuery(`checkpoints?limit=${rows}`, async (signal) => {
    const params = { query: { limit: rows } };
    return (await dataOf(calls().GET("/v1/checkpoints", { params, signal }))).data;
  }, { every: 10 });
  return (
    <Section
      title="Latest checkpoints"
      actions={<Button size="small" kind="quiet" href={href("/models")}>Models</Button>}
      flush
    >
      <Loaded query={query}>
        {(checkpoints) =>
          checkpoints.length === 0
            ? <p class="home-none">None yet: training keeps them as it goes.</p>
            : (
              <ul class="home-list">
                {checkpoints.map(({ id, arch, job, step, metrics, created_at }) => (
                  <li key={id}>
                    <Id id={id} to={href(`/models/${id}`)} />
                    <span class="soft one-line" title={arch}>
                      {job === null ? "imported" : `step ${formatCount(step)}`}
                    </span>
                    <span class="home-right">
                      {metrics.knn_top1 !== undefined && <span>k-NN {formatPercent(metrics.knn_top1)}</span>}
                      <span class="soft">
                        <RelativeTime iso={created_at} />
                      </span>
                    </span>
                  </li>
                ))}
              </ul>
            )}
      </Loaded>
    </Section>
  );
}
