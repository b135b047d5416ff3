import { calls, dataOf } from "../../live/session.ts";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../parts/states.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { VirtualTable } from "../../parts/virtual.tsx";
import { usePages } from "./use_pages.ts";

interface Rejected {
  path: string;
  reason: string;
  place: number;
}
interface Reason {
  reason: string;
  files: number;
}
/** More rows than that scroll by themselves. */
const MANY = 60;
const COLUMNS: Column<Rejected>[] = [
  {
    id: "path",
    head: "File",
    main: true,
    width: "45%",
    cell: ({ path }) => <code class="datasets-name" title={path}>{path}</code>,
  },
  {
    id: "reason",
    head: "Why",
    prose: true,
    cell: ({ reason }) => <span title={reason}>{reason}</span>,
  },
];
const REASONS: Column<Reason>[] = [
  { id: "reason", head: "Reason", main: true, cell: ({ reason }) => reason },
  { id: "files", head: "Files", figures: true, width: "7rem", cell: ({ files }) => formatCount(files) },
];

/**
 * Files that did not become images: how many for which reason, and each.
 *
 * @param rejected How many; undefined where the dataset has failed, and does not tell.
 */
export function RejectedFiles({ id, rejected }: { id: string; rejected: number | undefined }) {
  const pages = usePages<Rejected, { reasons: Reason[] }>(`${id} ${rejected}`, async (count, signal) => {
    const query = { limit: 200, ...(count > 0 && { after: count - 1 }) };
    const { data, has_more, reasons } = await dataOf(
      calls().GET("/v1/datasets/{id}/rejected", { params: { path: { id }, query }, signal }),
    );
    return { data: data.map((file, n) => ({ ...file, place: count + n })), has_more, reasons };
  });
  const { rows, rest, loading, error, next } = pages;
  if (error && rows.length === 0) return <ErrorState error={error} retry={next} />;
  if (loading) return <Skeleton lines={5} />;
  if (rows.length === 0) {
    return (
      <EmptyState icon="check" title="No file was rejected">
        <p>Every file that was no table or hidden file has become an image.</p>
      </EmptyState>
    );
  }
  const table = { caption: "Rejected files", columns: COLUMNS, rows, keyOf: ({ place }: Rejected) => place };
  return (
    <div class="stack">
      <Section
        title="Reasons"
        note={rest?.reasons.some(({ reason }) => reason.includes("#")) && "# stands for a number"}
        flush
      >
        <Table
          caption="Reasons"
          columns={REASONS}
          rows={rest?.reasons ?? []}
          keyOf={({ reason }) => reason}
        />
      </Section>
      <Section title="Files" note={rejected === undefined ? undefined : formatCount(rejected)} flush>
        {rows.length > MANY
          ? <VirtualTable {...table} rowHeight={34} height="60vh" onEnd={next} />
          : <Table {...table} />}
        {error && <ErrorState error={error} retry={next} title="The rest could not be loaded" />}
      </Section>
    </div>
  );
}
