import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

export interface Column<Row> {
  id: string;
  head: ComponentChildren;
  cell: (row: Row) => ComponentChildren;
  /** Figures stand to the right, in digits of one width. */
  figures?: boolean;
  /** A CSS width, such as `12rem` or `20%`. */
  width?: string;
  sortable?: boolean;
  /** The column that names the row: a header cell of it, and a card's title on a narrow screen. */
  main?: boolean;
  /** Left out on a narrow screen. */
  minor?: boolean;
  /** Text of several lines: in a card it stands to the left, without its head. */
  prose?: boolean;
}
export interface Sorting {
  by: string;
  descending: boolean;
}

/**
 * A table. On a narrow screen each row becomes a card with the columns' heads as labels.
 *
 * @param caption What it lists, for screen readers.
 * @param onSort Called with what was asked for; the caller sorts its rows.
 * @param selected The key of the row that is marked.
 */
export function Table<Row>({ caption, columns, rows, keyOf, sorting, onSort, selected, empty }: {
  caption: string;
  columns: Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
  selected?: string | number;
  empty?: ComponentChildren;
}) {
  if (rows.length === 0 && empty) return <>{empty}</>;
  return (
    <div class="table-wrap">
      <table class="table">
        <caption class="unseen">{caption}</caption>
        <thead>
          <TableHead columns={columns} sorting={sorting} onSort={onSort} />
        </thead>
        <tbody>
          {rows.map((row) => (
            <TableRow key={keyOf(row)} row={row} columns={columns} selected={keyOf(row) === selected} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The row of heads; those that sort are buttons. */
export function TableHead<Row>({ columns, sorting, onSort }: {
  columns: Column<Row>[];
  sorting?: Sorting;
  onSort?: (sorting: Sorting) => void;
}) {
  return (
    <tr>
      {columns.map(({ id, head, figures, sortable, width, minor }) => {
        const here = sorting?.by === id ? (sorting.descending ? "descending" : "ascending") : undefined;
        return (
          <th key={id} scope="col" class={classes(figures, minor)} style={{ width }} aria-sort={here}>
            {sortable && onSort
              ? (
                <button
                  type="button"
                  class="sort"
                  onClick={() => onSort({ by: id, descending: here === "ascending" })}
                >
                  {head} {here && <Icon name={here === "descending" ? "down" : "up"} size={12} />}
                </button>
              )
              : head}
          </th>
        );
      })}
    </tr>
  );
}

export function TableRow<Row>({ row, columns, selected = false, index }: {
  row: Row;
  columns: Column<Row>[];
  selected?: boolean;
  /** Its place in all rows, where not all are there: `aria-rowindex`. */
  index?: number;
}) {
  return (
    <tr class={selected ? "selected" : undefined} aria-rowindex={index === undefined ? undefined : index + 2}>
      {columns.map(({ id, head, cell, figures, main, minor, prose }) => {
        const attributes = {
          class: classes(figures, minor, prose),
          "data-label": typeof head === "string" ? head : undefined,
        };
        return main
          ? <th key={id} scope="row" {...attributes}>{cell(row)}</th>
          : <td key={id} {...attributes}>{cell(row)}</td>;
      })}
    </tr>
  );
}

const classes = (figures?: boolean, minor?: boolean, prose?: boolean): string | undefined =>
  [figures && "figures", minor && "minor", prose && "prose"].filter(Boolean).join(" ") || undefined;
