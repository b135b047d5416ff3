import type { Schemas } from "../../../client/client.ts";
import { Section } from "../../parts/section.tsx";
import { StatusPill, type Tone } from "../../parts/status_pill.tsx";
import { Table } from "../../parts/table.tsx";

type Finding = Schemas["System"]["findings"][number];
const TONES: Record<Finding["severity"], Tone> = { ok: "good", warning: "warning", error: "bad" };
const ORDER: Finding["severity"][] = ["error", "warning", "ok"];

/** What doctor finds of this machine, the worst first, and what to do about it. */
export function Findings({ findings }: { findings: Finding[] }) {
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
  return (
    <Section
      title="Findings"
      note={
        <>
          <code>deno task doctor</code> tries the GPU, too
        </>
      }
      flush
    >
      <Table
        caption="Findings"
        columns={[
          { id: "check", head: "Check", main: true, width: "9rem", cell: ({ check }) => check },
          {
            ...{ id: "severity", head: "Severity", width: "6.5rem" },
            cell: ({ severity }) => <StatusPill status={severity} tone={TONES[severity]} />,
          },
          {
            id: "message",
            head: "Finding",
            prose: true,
            cell: ({ message, remedy }) => <Told message={message} remedy={remedy} />,
          },
        ]}
        rows={sorted}
        keyOf={({ check }) => check}
      />
    </Section>
  );
}

function Told({ message, remedy }: Pick<Finding, "message" | "remedy">) {
  return (
    <div class="system-finding">
      <p>{message}</p>
      {remedy.length > 0 && (
        <p class="soft">{remedy.length > 1 ? "One of: " : "To do: "}{remedy.join(" · ")}</p>
      )}
    </div>
  );
}
