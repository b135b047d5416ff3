import { RandomStream, STREAM } from "../domain/philox.ts";

/**
 * Holds out a share of each class: of n rows `share · n`, rounded, at least one and never all. Which ones is a function of
 * the seed and the class alone.
 *
 * @param labels Each row's class. @param share Between 0 and 1.
 * @returns Rows' numbers, ascending.
 * @throws {RangeError} If a class has but one row.
 */
export function holdOut(
  labels: Int32Array,
  share: number,
  seed: number,
): { kept: Uint32Array; held: Uint32Array } {
  const ofClass = new Map<number, number[]>(), held = new Set<number>();
  for (const [row, label] of labels.entries()) {
    const rows = ofClass.get(label) ?? [];
    rows.push(row);
    ofClass.set(label, rows);
  }
  for (const [label, rows] of ofClass) {
    if (rows.length < 2) {
      throw new RangeError(`Cannot hold out a share of class ${label}: at least 2 rows of it needed, got 1`);
    }
    const count = Math.min(rows.length - 1, Math.max(1, Math.round(share * rows.length)));
    const order = new RandomStream(seed, STREAM.heldOut, label).permutation(rows.length);
    for (const place of order.subarray(0, count)) held.add(rows[place]);
  }
  const all = Uint32Array.from(labels, (_, row) => row);
  return { kept: all.filter((row) => !held.has(row)), held: all.filter((row) => held.has(row)) };
}
