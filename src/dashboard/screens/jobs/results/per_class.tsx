import { useState } from "preact/hooks";
import { formatPercent } from "../../../parts/format.ts";
import { ProgressBar } from "../../../parts/progress_bar.tsx";
import { Section } from "../../../parts/section.tsx";
import { type Column, type Sorting, Table } from "../../../parts/table.tsx";
import { VirtualTable } from "../../../parts/virtual.tsx";

type Row = [name: string, share: number | null];
/** More rows than that scroll by themselves. */
const MANY = 60;
const COLUMNS: Column<Row>[] = [
  {
    id: "name",
    head: "Class",
    main: true,
    sortable: true,
    cell: ([name]) => <span class="jobs-class" title={name}>{name}</span>,
  },
  {
    id: "share",
    head: "Accuracy",
    figures: true,
    width: "5.5rem",
    sortable: true,
    cell: ([, share]) => formatPercent(share),
  },
  {
    id: "bar",
    head: <span class="unseen">Bar</span>,
    width: "35%",
    minor: true,
    cell: ([name, share]) =>
      share === null
        ? <span class="soft">no image of it</span>
        : <ProgressBar value={share} label={`Accuracy of ${name}`} />,
  },
];

/** Each class's accuracy, the worst first unless it is sorted otherwise. */
export function PerClass({ shares }: { shares: Record<string, number | null> }) {
  const [sorting, setSorting] = useState<Sorting>({ by: "share", descending: false });
  const sign = sorting.descending ? -1 : 1;
  const rows = Object.entries(shares).sort((a, b) =>
    sign *
    (sorting.by === "name" ? a[0].localeCompare(b[0], "en", { numeric: true }) : (a[1] ?? 2) - (b[1] ?? 2))
  );
  const table = {
    caption: "Accuracy by class",
    columns: COLUMNS,
    rows,
    keyOf: ([name]: Row) => name,
    sorting,
    onSort: setSorting,
  };
  return (
    <Section title="By class" note={`${rows.length} classes`} flush class="table-short">
      {rows.length > MANY ? <VirtualTable {...table} rowHeight={32} height="28rem" /> : <Table {...table} />}
    </Section>
  );
}
