/** What the benches share in working figures out and showing them. */

/** The middle value; of an even number, the upper one of the two. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1];

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** The least-squares slope of `y` over `x`. */
export function slope(x: readonly number[], y: readonly number[]): number {
  const meanX = sum(x) / x.length, meanY = sum(y) / y.length;
  return sum(x.map((value, i) => (value - meanX) * (y[i] - meanY))) /
    sum(x.map((value) => (value - meanX) ** 2));
}

export interface Quantiles {
  /** How many there were. */
  asked: number;
  p50: number;
  p99: number;
  max: number;
}
export function quantiles(values: readonly number[]): Quantiles {
  const sorted = values.toSorted((a, b) => a - b),
    at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))] ?? NaN;
  return { asked: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}

/** A figure in three to four digits; a dash where there is none. */
export function digits(value: number): string {
  if (!Number.isFinite(value) || value === 0) return "–";
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3);
}
export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** Prints rows under their titles; a title that ends in ">" has its column flush right. */
export function printTable(titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const right = titles.map((title) => title.endsWith(">"));
  const all = [titles.map((title) => title.replace(/>$/, "")), ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column].length)));
  for (const row of all) {
    const cells = row.map((cell, i) => right[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i]));
    console.log(cells.join("  ").trimEnd());
  }
}
