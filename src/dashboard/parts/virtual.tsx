import type { ComponentChildren, RefObject } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { type Column, type Sorting, TableHead, TableRow } from "./table.tsx";

/** Rows that are there beyond the edges, so that scrolling does not show white. */
const OVERSCAN = 8;

/** Which of `count` rows of one height are to be there for what `box` shows now. */
function useWindow(
  box: RefObject<HTMLElement>,
  count: number,
  rowHeight: number,
  overscan = OVERSCAN,
): { first: number; last: number } {
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  useLayoutEffect(() => {
    const element = box.current!;
    const measure = () => setSeen({ top: element.scrollTop, height: element.clientHeight });
    const watcher = new ResizeObserver(measure);
    watcher.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => {
      watcher.disconnect();
      element.removeEventListener("scroll", measure);
    };
  }, []);
  return {
    first: Math.max(0, Math.min(count, Math.floor(seen.top / rowHeight)) - overscan),
    last: Math.min(count, Math.ceil((seen.top + seen.height) / rowHeight) + overscan),
  };
}

/** What scrolls, by keyboard too. @param height In CSS. */
const frame = (box: RefObject<HTMLDivElement>, label: string, height: string) => ({
  ...{ ref: box, class: "virtual", style: { maxHeight: height } },
  ...{ tabIndex: 0, role: "region" as const, "aria-label": label },
});

/** Calls `onEnd` when the last rows come near, so that more can be fetched. */
function useEnd(last: number, count: number, onEnd: (() => void) | undefined): void {
  useEffect(() => {
    if (count > 0 && last >= count - OVERSCAN) onEnd?.();
  }, [last >= count - OVERSCAN, count]);
}

/**
 * A table of which only what is seen is in the page: for tens of thousands of rows of one height.
 *
 * Keyboards scroll it as any box that has the focus (arrows, Page, Home, End), and tab through what is seen.
 *
 * @param height The box's, in CSS; rows are `rowHeight` px high, on narrow screens too: the table scrolls sideways there.
 */
export function VirtualTable<Row>(
  { caption, columns, rows, keyOf, rowHeight = 40, height = "70vh", sorting, onSort, onEnd, selected }: {
    caption: string;
    columns: Column<Row>[];
    rows: readonly Row[];
    keyOf: (row: Row) => string | number;
    rowHeight?: number;
    height?: string;
    sorting?: Sorting;
    onSort?: (sorting: Sorting) => void;
    onEnd?: () => void;
    selected?: string | number;
  },
) {
  const box = useRef<HTMLDivElement>(null), { first, last } = useWindow(box, rows.length, rowHeight);
  useEnd(last, rows.length, onEnd);
  const space = (count: number) => (
    <tr aria-hidden="true" class="spacer">
      <td colSpan={columns.length} style={{ height: count * rowHeight }} />
    </tr>
  );
  return (
    <div {...frame(box, caption, height)}>
      <table
        class="table table-fixed"
        aria-rowcount={rows.length + 1}
        style={{ "--row-height": `${rowHeight}px`, "--columns": columns.length }}
      >
        <caption class="unseen">{caption}</caption>
        <thead>
          <TableHead columns={columns} sorting={sorting} onSort={onSort} />
        </thead>
        <tbody>
          {first > 0 && space(first)}
          {rows.slice(first, last).map((row, n) => (
            <TableRow
              key={keyOf(row)}
              {...{ row, columns, index: first + n, selected: keyOf(row) === selected }}
            />
          ))}
          {last < rows.length && space(rows.length - last)}
        </tbody>
      </table>
    </div>
  );
}

/**
 * A list, or a grid's rows, of which only what is seen is in the page.
 *
 * @param render One row, `rowHeight` px high.
 * @param overscan Rows that are there beyond each edge: few, where each is a row of images.
 * @param goTo A row to scroll to, as near as it takes to see it; another object goes there again.
 */
export function VirtualList<Row>(
  { label, rows, rowHeight, height = "70vh", render, keyOf, onEnd, goTo, overscan }: {
    label: string;
    rows: readonly Row[];
    rowHeight: number;
    height?: string;
    render: (row: Row, index: number) => ComponentChildren;
    keyOf: (row: Row) => string | number;
    onEnd?: () => void;
    goTo?: { row: number };
    overscan?: number;
  },
) {
  const box = useRef<HTMLDivElement>(null);
  const { first, last } = useWindow(box, rows.length, rowHeight, overscan);
  useEnd(last, rows.length, onEnd);
  useLayoutEffect(() => {
    if (!goTo) return;
    const top = goTo.row * rowHeight, { scrollTop, clientHeight } = box.current!;
    if (top < scrollTop) box.current!.scrollTop = top;
    else if (top + rowHeight > scrollTop + clientHeight) {
      box.current!.scrollTop = top + rowHeight - clientHeight;
    }
  }, [goTo]);
  return (
    <div {...frame(box, label, height)}>
      <ul class="virtual-list" style={{ height: rows.length * rowHeight }}>
        {rows.slice(first, last).map((row, n) => (
          <li
            key={keyOf(row)}
            style={{ height: rowHeight, transform: `translateY(${(first + n) * rowHeight}px)` }}
            aria-setsize={rows.length}
            aria-posinset={first + n + 1}
          >
            {render(row, first + n)}
          </li>
        ))}
      </ul>
    </div>
  );
}
