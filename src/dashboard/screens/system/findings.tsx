import type { Schemas } from "../../../client/client.ts";
import { Section } from "../../parts/section.tsx";
import { StatusPill, type Tone } from "../../parts/status_pill.tsx";
import { Table } from "../../parts/table.tsx";

type Finding = Schemas["System"]["findings"][number];
const TONES: Record<Finding["severity"], Tone> = { ok: "good", warning: "warning", error: "bad" };

/** What `deno task doctor` would say of this machine. */
export function Findings({ findings }: { findings: Finding[] }) {
  return (
    <Section title="Findings" note="as deno task doctor has them" flush>
      <Table
        caption="Findings"
        columns={[
          {
            id: "severity",
            head: "Level",
            width: "7rem",
            cell: ({ severity }) => <StatusPill status={severity} tone={TONES[severity]} />,
          },
          {
            id: "message",
            head: "Finding",
            main: true,
            cell: ({ check, message }) => (
              <>
                <b>{check}:</b> {message}
              </>
            ),
          },
          { id: "remedy", head: "What to do", cell: ({ remedy }) => remedy.join(" ") },
        ]}
        rows={findings}
        keyOf={({ check, message }) => `${check} ${message}`}
      />
    </Section>
  );
}
