import { csvLine } from "../domain/csv.ts";

/** What was taken for what: images by their class and by the class that they were given. */
export class ConfusionMatrix {
  readonly #counts: Uint32Array;

  /** @param classes Their names, by index. */
  constructor(readonly classes: readonly string[]) {
    this.#counts = new Uint32Array(classes.length ** 2);
  }

  add(label: number, predicted: number): void {
    this.#counts[label * this.classes.length + predicted]++;
  }

  /** A row a class, a column a class that images of it were given. */
  get rows(): number[][] {
    const n = this.classes.length;
    return this.classes.map((_, c) => Array.from(this.#counts.subarray(c * n, (c + 1) * n)));
  }

  /**
   * Accuracies, 0 … 1: of all images; the mean of the classes' own, of those that have images; and each class's, null
   * where there is no image of it.
   */
  scores(): { top1: number; mean_per_class: number; per_class: Record<string, number | null> } {
    let right = 0, images = 0;
    const shares = this.rows.map((row, c): number | null => {
      const total = row.reduce((a, b) => a + b, 0);
      right += row[c];
      images += total;
      return total === 0 ? null : row[c] / total;
    });
    const found = shares.filter((share) => share !== null);
    return {
      top1: right / images,
      mean_per_class: found.reduce((a, b) => a + b, 0) / found.length,
      per_class: Object.fromEntries(this.classes.map((name, c) => [name, shares[c]])),
    };
  }

  /** RFC 4180: the true class first, then a column a class that was predicted. */
  toCsv(): string {
    const rows = this.rows.map((row, c) => [this.classes[c], ...row]);
    return [["class", ...this.classes], ...rows].map(csvLine).join("");
  }
}
