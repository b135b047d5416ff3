import { boundsOf } from "./camera.ts";

/** Points a cell, on average. */
const A_CELL = 4;

/** Points sorted into square cells, so that the nearest to a place is found without looking at all of them. */
export class PointGrid {
  readonly #cell: number;
  readonly #columns: number;
  readonly #rows: number;
  readonly #origin: readonly [number, number];
  /** Where each cell's points begin in `#points`; one more at the end. */
  readonly #begins: Uint32Array;
  readonly #points: Uint32Array;

  /** @param positions x and y of each point. */
  constructor(readonly positions: Float32Array) {
    const [x0, y0, x1, y1] = boundsOf(positions), count = positions.length / 2;
    const width = (x1 - x0) || 1, height = (y1 - y0) || 1;
    const cells = Math.max(1, count / A_CELL);
    // Not more than a side's worth of cells for points that lie on a line.
    this.#cell = Math.max(Math.sqrt(width * height / cells), Math.max(width, height) / 2048);
    this.#columns = Math.floor(width / this.#cell) + 1;
    this.#rows = Math.floor(height / this.#cell) + 1;
    this.#origin = [x0, y0];
    const begins = new Uint32Array(this.#columns * this.#rows + 1), of = new Int32Array(count);
    for (let n = 0; n < count; n++) {
      of[n] = this.#cellOf(positions[2 * n], positions[2 * n + 1]);
      if (of[n] >= 0) begins[of[n] + 1]++;
    }
    for (let c = 1; c < begins.length; c++) begins[c] += begins[c - 1];
    const next = begins.slice();
    this.#points = new Uint32Array(begins.at(-1)!);
    for (let n = 0; n < count; n++) if (of[n] >= 0) this.#points[next[of[n]]++] = n;
    this.#begins = begins;
  }

  /** The nearest point to a place, within a radius, of those that are eligible; undefined if none is. */
  nearest(x: number, y: number, radius: number, eligible: (n: number) => boolean): number | undefined {
    const [x0, y0] = this.#origin, at = (value: number) => Math.floor(value / this.#cell);
    const left = Math.max(0, at(x - radius - x0)), right = Math.min(this.#columns - 1, at(x + radius - x0));
    const low = Math.max(0, at(y - radius - y0)), high = Math.min(this.#rows - 1, at(y + radius - y0));
    let best: number | undefined, least = radius * radius;
    for (let row = low; row <= high; row++) {
      const begin = this.#begins[row * this.#columns + left], base = row * this.#columns + right;
      for (let i = begin; left <= right && i < this.#begins[base + 1]; i++) {
        const n = this.#points[i], dx = this.positions[2 * n] - x, dy = this.positions[2 * n + 1] - y;
        const distance = dx * dx + dy * dy;
        if (distance <= least && eligible(n)) [best, least] = [n, distance];
      }
    }
    return best;
  }

  #cellOf(x: number, y: number): number {
    const column = Math.floor((x - this.#origin[0]) / this.#cell);
    const row = Math.floor((y - this.#origin[1]) / this.#cell);
    return Number.isNaN(column + row) ? -1 : row * this.#columns + column;
  }
}
