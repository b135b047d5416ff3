import { href } from "../../live/address.ts";
import { Id } from "../../parts/copy_button.tsx";
import { formatCount, formatNumber } from "../../parts/format.ts";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { AliasActions } from "./alias_actions.tsx";
import type { Model } from "./model_data.ts";

/** Milliseconds, as short as they may be said. */
export const formatMs = (ms: number | undefined): string =>
  ms === undefined ? "–" : `${formatNumber(ms, ms >= 100 ? 3 : 2)} ms`;

/** Whether a request waits for the model to be read first. */
export const Resident = ({ resident }: Pick<Model, "resident">) =>
  resident
    ? <Badge tone="good" title="It is held ready: no request waits for it to be read">ready</Badge>
    : <Badge title="It is not in the worker's memory: the first request waits for it to be read">cold</Badge>;

const Ms = ({ ms }: { ms: number | undefined }) => <span class="models-line">{formatMs(ms)}</span>;

const COLUMNS: Column<Model>[] = [
  {
    ...{ id: "alias", head: "Alias", main: true },
    cell: ({ id }) => <a class="models-alias" title={id} href={href(`/models/${id}`)}>{id}</a>,
  },
  {
    ...{ id: "checkpoint", head: "Names" },
    cell: ({ checkpoint }) => <Id id={checkpoint} to={href(`/models/${checkpoint}`)} copy />,
  },
  {
    ...{ id: "previous", head: "Before", minor: true },
    cell: ({ previous }) =>
      previous ? <Id id={previous} to={href(`/models/${previous}`)} /> : <span class="soft">–</span>,
  },
  { id: "arch", head: "Encoder", cell: ({ arch, dim }) => <span class="models-line">{arch} · {dim}</span> },
  {
    ...{ id: "task", head: "Task", minor: true },
    cell: ({ task, labels }) => task === "classification" ? `${labels} classes` : "embedding",
  },
  { id: "resident", head: "State", cell: (model) => <Resident resident={model.resident} /> },
  {
    ...{ id: "requests", head: "Requests", figures: true },
    cell: ({ latency }) => formatCount(latency?.requests ?? 0),
  },
  { id: "p50", head: "p50", figures: true, cell: ({ latency }) => <Ms ms={latency?.p50_ms} /> },
  { id: "p99", head: "p99", figures: true, cell: ({ latency }) => <Ms ms={latency?.p99_ms} /> },
  {
    id: "actions",
    head: <span class="unseen">Actions</span>,
    cell: (model) => <AliasActions model={model} />,
  },
];

/** Aliases, what each names, and how its requests fare. */
export const AliasTable = ({ models }: { models: Model[] }) => (
  <Table
    caption="Aliases"
    columns={COLUMNS}
    rows={models}
    keyOf={({ id }) => id}
  />
);
