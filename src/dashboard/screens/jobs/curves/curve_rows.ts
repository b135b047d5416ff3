import type { Schemas } from "../../../../client/client.ts";

/** Rows of a job's figures, by column, in the order of their steps. */
export interface Rows {
  step: number[];
  /** In seconds since 1970. */
  time: number[];
  columns: Record<string, (number | null)[]>;
}
type Event = Pick<Schemas["JobEvent"], "type" | "data" | "created_at">;

export const NO_ROWS: Rows = { step: [], time: [], columns: {} };

/** What the API answers as columns, without those in which nothing is. */
export function rowsOf({ step, created_at, ...columns }: Record<string, unknown[]>): Rows {
  return {
    step: step as number[],
    time: (created_at as string[]).map((iso) => Date.parse(iso) / 1000),
    columns: Object.fromEntries(
      Object.entries(columns as Rows["columns"]).filter(([, values]) =>
        values.some((value) => value !== null)
      ),
    ),
  };
}

/**
 * Rows, and those that events tell after them. Where a step falls an attempt went on from a checkpoint, and what was known from
 * there on has been made anew: it is dropped. So events that are in the rows already change nothing, if all later ones follow.
 *
 * @param names The columns that are taken; an event that has none of them is no row.
 */
export function withEvents(rows: Rows, events: readonly Event[], names: readonly string[]): Rows {
  const told = events.filter(({ type, data }) =>
    type === "metrics" && typeof data.step === "number" &&
    names.some((name) => typeof data[name] === "number")
  );
  if (told.length === 0) return rows;
  const step = [...rows.step], time = [...rows.time];
  const columns = Object.fromEntries(
    Object.entries(rows.columns).map(([name, values]) => [name, [...values]]),
  );
  for (const { data, created_at } of told) {
    const at = data.step as number;
    while (step.length > 0 && step.at(-1)! >= at) {
      step.pop();
      time.pop();
      for (const values of Object.values(columns)) values.pop();
    }
    for (const name of names) {
      const value = data[name];
      if (typeof value === "number") columns[name] ??= step.map(() => null);
      columns[name]?.push(typeof value === "number" ? value : null);
    }
    step.push(at);
    time.push(Date.parse(created_at) / 1000);
  }
  return { step, time, columns };
}

/** Rows of a range in full detail, within those of the whole. */
export function withDetail(whole: Rows, detail: Rows): Rows {
  if (detail.step.length === 0) return whole;
  const [first, last] = [detail.step[0], detail.step.at(-1)!];
  const before = whole.step.findIndex((step) => step >= first),
    behind = whole.step.findIndex((step) => step > last);
  const until = before < 0 ? whole.step.length : before, from = behind < 0 ? whole.step.length : behind;
  const around = <T>(
    outer: readonly T[],
    inner: readonly T[],
  ) => [...outer.slice(0, until), ...inner, ...outer.slice(from)];
  const nothing = (rows: Rows) => rows.step.map(() => null);
  const names = new Set([...Object.keys(whole.columns), ...Object.keys(detail.columns)]);
  return {
    step: around(whole.step, detail.step),
    time: around(whole.time, detail.time),
    columns: Object.fromEntries(
      [...names].map((name) => [
        name,
        around(whole.columns[name] ?? nothing(whole), detail.columns[name] ?? nothing(detail)),
      ]),
    ),
  };
}

/**
 * An exponential moving average, as TensorBoard's: without the weight that the start would have. Gaps stay gaps.
 *
 * @param weight Of what was before, 0 … <1; 0 changes nothing.
 */
export function smooth(values: readonly (number | null)[], weight: number): (number | null)[] {
  if (weight <= 0) return [...values];
  let mean = 0, count = 0;
  return values.map((value) => {
    if (value === null || !Number.isFinite(value)) return value;
    mean = mean * weight + (1 - weight) * value;
    return mean / (1 - weight ** ++count);
  });
}

/** Steps outside of which nothing of a range on the axis of time is. @param range In seconds since `origin`. */
export function stepsWithin({ step, time }: Rows, [from, to]: Range, origin: number): Range | undefined {
  if (step.length === 0) return undefined;
  const first = time.findIndex((at) => at - origin >= from), after = time.findIndex((at) => at - origin > to);
  return [
    step[Math.max(0, (first < 0 ? step.length : first) - 1)],
    step[after < 0 ? step.length - 1 : after],
  ];
}
/** Least and greatest, of whatever is on the axis. */
export type Range = readonly [number, number];
