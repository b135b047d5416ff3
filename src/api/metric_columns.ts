import { setTimeout } from "node:timers/promises";
import type { JobLog } from "../domain/job_log.ts";

/** A job's figures, column by column: entry i of each is of one row. */
export interface MetricColumns {
  step: number[];
  /** The rows' events, and when they were told. */
  seq: number[];
  told: string[];
  /** By the column's name; null where a row lacks it. */
  figures: Map<string, (number | null)[]>;
}

/** Figures read at a time: some 10 ms of the thread that also answers others. */
const SLICE_FIGURES = 20_000;

/**
 * A job's rows of figures, each step once. Steps only fall where an attempt went on from a checkpoint: what an earlier one had
 * told from there on is replaced. It is read in slices, between which others are answered.
 *
 * @param names Rows that have none of these are left out, if any are named.
 * @param range Steps, both exclusive.
 * @param signal Once it is aborted, nothing more is read.
 * @throws What `signal` is aborted with.
 */
export async function readColumns(
  store: Pick<JobLog, "listFigures">,
  job: string,
  names: readonly string[],
  { after = -Infinity, before = Infinity }: { after?: number; before?: number } = {},
  signal?: AbortSignal,
): Promise<MetricColumns> {
  const rows: MetricColumns = {
    step: [],
    seq: [],
    told: [],
    figures: new Map(names.map((name) => [name, []])),
  };
  const all = [rows.step, rows.seq, rows.told, ...rows.figures.values()];
  const slice = Math.ceil(SLICE_FIGURES / (names.length + 3));
  for (let seq = 0;;) {
    const { lastSeq, seqs, told, columns: [steps, ...columns] } = store.listFigures(
      ...[job, ["step", ...names], seq, slice] as const,
    );
    if (lastSeq === undefined) return rows;
    for (const [i, step] of (steps as number[]).entries()) {
      while (rows.step.length > 0 && rows.step.at(-1)! >= step) all.forEach((column) => column.pop());
      const isWanted = step > after && step < before;
      if (!isWanted || (columns.length > 0 && columns.every((column) => column[i] === null))) continue;
      rows.step.push(step);
      rows.seq.push(seqs[i]);
      rows.told.push(told[i]);
      for (const [k, name] of names.entries()) rows.figures.get(name)!.push(columns[k][i]);
    }
    seq = lastSeq;
    await setTimeout(1); // by an immediate alone the network would have no turn
    signal?.throwIfAborted();
  }
}

/**
 * At most `points` of the rows, such that a curve looks as it does with all of them: of each stretch, its first and its last
 * step, where each column has the least and the greatest of its values in that stretch, in the order in which they came.
 */
export function thin(rows: MetricColumns, points: number): MetricColumns {
  const { length } = rows.step, stretches = Math.floor(points / 2);
  if (length <= points) return rows;
  const starts = Array.from({ length: stretches + 1 }, (_, i) => Math.floor(i * length / stretches));
  const ends = <T>(column: T[]) => starts.slice(1).flatMap((to, i) => [column[starts[i]], column[to - 1]]);
  const extremes = (column: (number | null)[]) =>
    starts.slice(1).flatMap((to, i) => extremesOf(column, starts[i], to));
  return {
    ...{ step: ends(rows.step), seq: ends(rows.seq), told: ends(rows.told) },
    figures: new Map([...rows.figures].map(([name, column]) => [name, extremes(column)])),
  };
}

/** The least and the greatest of a stretch, in their order; one that is alone stands at the end that is nearer. */
function extremesOf(column: (number | null)[], from: number, to: number): [number | null, number | null] {
  let least = -1, greatest = -1;
  for (let i = from; i < to; i++) {
    const value = column[i];
    if (value === null) continue;
    if (least < 0 || value < column[least]!) least = i;
    if (greatest < 0 || value >= column[greatest]!) greatest = i; // of equal ones the last: two of them are two
  }
  if (least < 0) return [null, null];
  if (least === greatest) return least - from < to - least ? [column[least], null] : [null, column[least]];
  const [first, second] = [least, greatest].sort((a, b) => a - b);
  return [column[first], column[second]];
}
