import { type Range, type Rows, smooth } from "./curve_rows.ts";
import type { Panel } from "./panels.ts";

export type XAxis = "step" | "time";
/** A job whose curves are drawn. */
export interface Subject {
  id: string;
  name: string;
  dense: Rows;
  sparse: Rows;
  /** From when its time counts, in seconds since 1970. */
  origin: number;
}
/** One line of a plot. */
export interface Line {
  name: string;
  /** A token: `--c1`. */
  color: string;
  dashed: boolean;
  /** What it was before it was smoothed, behind the line itself: pale, and not in the legend. */
  raw: boolean;
  points: boolean;
}
/** Values by their place on the axis; a table a job, since jobs have other places. */
export interface PlotData {
  lines: Line[];
  tables: [x: number[], ...values: (number | null)[][]][];
}

/**
 * A panel's lines: all curves of one job; of several jobs the first curve of each.
 *
 * @returns Without lines where no job has any of it.
 */
export function plotData(panel: Panel, subjects: readonly Subject[], { axis, weight }: {
  axis: XAxis;
  weight: number;
}): PlotData {
  const lines: Line[] = [], tables: PlotData["tables"] = [], several = subjects.length > 1;
  // The curve that most is known of: a finetune job has no k-NN.
  const has = ({ dense, sparse }: Subject, column: string) =>
    column in (panel.sparse ? sparse : dense).columns;
  const first = panel.curves.find(({ column }) => subjects.some((subject) => has(subject, column)));
  for (const [n, subject] of subjects.entries()) {
    const rows = panel.sparse ? subject.sparse : subject.dense;
    const curves = several ? panel.curves.filter((curve) => curve === first) : panel.curves;
    const table: PlotData["tables"][number] = [
      axis === "step" ? rows.step : rows.time.map((at) => at - subject.origin),
    ];
    for (const [c, { column, name }] of curves.entries()) {
      const values = rows.columns[column];
      if (!values) continue;
      const line: Line = {
        name: several ? subject.name : name,
        color: `--c${(several ? n : c) % 10 + 1}`,
        ...{ dashed: !several && c > 0 && !panel.sparse, raw: false, points: !!panel.sparse },
      };
      if (weight > 0 && !panel.sparse) {
        lines.push({ ...line, raw: true, dashed: false });
        table.push(values);
      }
      lines.push(line);
      table.push(panel.sparse ? values : smooth(values, weight));
    }
    if (table.length > 1) tables.push(table);
  }
  return { lines, tables };
}

/** A range shrunk (factor < 1) or grown about its middle, or moved by a share of itself, within its bounds. */
export function changeRange(
  [from, to]: Range,
  [least, most]: Range,
  { factor = 1, move = 0 },
): Range | undefined {
  const width = (to - from) * factor, middle = (from + to) / 2 + move * (to - from);
  if (width >= most - least) return undefined;
  const start = Math.min(Math.max(least, middle - width / 2), most - width);
  return [start, start + width];
}
