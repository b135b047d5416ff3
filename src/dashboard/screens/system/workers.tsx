import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { Id } from "../../parts/copy_button.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";

export type Worker = Schemas["System"]["workers"][number];

const COLUMNS: Column<Worker>[] = [
  { id: "role", head: "Worker", main: true, cell: ({ role }) => role },
  { id: "up", head: "Status", cell: ({ up }) => <StatusPill status={up ? "up" : "down"} /> },
  { id: "restarts", head: "Restarts", figures: true, cell: ({ restarts }) => formatCount(restarts) },
  { id: "resident", head: "Memory", figures: true, cell: (worker) => formatBytes(worker.resident_bytes) },
  { id: "held", head: "GPU held", figures: true, cell: (worker) => formatBytes(worker.gpu_held_bytes) },
  {
    id: "planned",
    head: "GPU planned",
    figures: true,
    cell: (worker) => formatBytes(worker.gpu_planned_bytes),
  },
  { id: "models", head: "Models ready", cell: ({ models }) => <Models models={models} /> },
];

/** The server's children: which are up, and what they take. */
export function Workers({ workers }: { workers: Worker[] }) {
  return (
    <Section title="Workers" note="processes of the server's own; a dead one is started again" flush>
      <Table caption="Workers" columns={COLUMNS} rows={workers} keyOf={({ role }) => role} />
    </Section>
  );
}

function Models({ models }: { models: Worker["models"] }) {
  if (!models) return <span class="soft">–</span>;
  if (models.length === 0) return <span class="soft">none yet</span>;
  return (
    <span class="row">
      {models.map(({ checkpoint, bytes }) => (
        <span key={checkpoint} title={formatBytes(bytes)}>
          <Id id={checkpoint} to={href(`/models/${checkpoint}`)} />
        </span>
      ))}
    </span>
  );
}
