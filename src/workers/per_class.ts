import { csvLine } from "../domain/csv.ts";
import type { ConfusionMatrix } from "../evaluation/confusion.ts";

/** Each class's images and its accuracy by several classifiers, a column each; empty where there is no image of it. */
export function perClassCsv(matrices: readonly ConfusionMatrix[], columns: readonly string[]): string {
  const scores = matrices.map((matrix) => matrix.scores().per_class), [first] = matrices;
  const counts = first.rows.map((row) => row.reduce((a, b) => a + b, 0));
  return [
    ["class", "images", ...columns],
    ...first.classes.map((name, c) => [name, counts[c], ...scores.map((of) => of[name])]),
  ].map(csvLine).join("");
}
