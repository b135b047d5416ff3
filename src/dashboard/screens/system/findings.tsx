import { Section } from "../../parts/section.tsx";
import { StatusPill, type Tone } from "../../parts/status_pill.tsx";
import { Table } from "../../parts/table.tsx";

/** What `deno task doctor` would say of this machine. */
export interface Finding {
  level: string;
  subject?: string;
  text: string;
  advice?: string;
}
const TONES: Record<string, Tone> = {
  ok: "good",
  warning: "warning",
  warn: "warning",
  error: "bad",
  problem: "bad",
};

export function Findings({ findings }: { findings: Finding[] }) {
  return (
    <Section title="Findings" note="as deno task doctor has them" flush>
      <Table
        caption="Findings"
        columns={[
          {
            id: "level",
            head: "Level",
            width: "7rem",
            cell: ({ level }) => <StatusPill status={level} tone={TONES[level]} />,
          },
          {
            id: "text",
            head: "Finding",
            main: true,
            cell: ({ subject, text }) => <>{subject && <b>{subject}:</b>} {text}</>,
          },
          { id: "advice", head: "What to do", cell: ({ advice }) => advice ?? "" },
        ]}
        rows={findings}
        keyOf={({ subject, text }) => `${subject} ${text}`}
      />
    </Section>
  );
}
