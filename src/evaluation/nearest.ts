/** Rows that are kept before the hopeless ones among them are looked for, … */
const ROOM = 1024;
/** … and the most candidates there may be: of an encoder that makes the same of everything all rows are. */
const MAX_CANDIDATES = 32_768;

/**
 * Whatever may be among a query's k nearest, of cosines that are known to within `slack` only and come one after another:
 * all rows that are not surely behind k others.
 */
export class Candidates {
  /** What a cosine must reach to be looked at. */
  floor = -Infinity;
  #rows: number[] = [];
  #cosines: number[] = [];
  #room: number;

  /** @param k One at least. */
  constructor(readonly k: number, readonly slack: number) {
    this.#room = Math.max(ROOM, 2 * k);
  }

  /** To be called for whatever reaches `floor`. */
  offer(row: number, cosine: number): void {
    this.#rows.push(row);
    this.#cosines.push(cosine);
    if (this.#rows.length < this.#room) return;
    this.#drop();
    this.#room = Math.max(this.#room, 2 * this.#rows.length); // many are as near as that: they are not sorted each time
    if (this.#rows.length <= MAX_CANDIDATES) return;
    this.floor = Infinity;
    [this.#rows, this.#cosines] = [[], []];
  }

  /** Ascending; undefined if there are too many to be told apart from the rest. */
  rows(): Uint32Array | undefined {
    if (this.floor === Infinity) return undefined;
    this.#drop();
    return Uint32Array.from(this.#rows).sort();
  }

  #drop(): void {
    if (this.#rows.length <= this.k) return;
    const kth = Float64Array.from(this.#cosines).sort().at(-this.k)!;
    // Each of k rows is truly at kth − slack at least, and one of less than that, less slack again, is behind them all.
    this.floor = kth - 2 * this.slack;
    const rows: number[] = [], cosines: number[] = [];
    for (const [i, cosine] of this.#cosines.entries()) {
      if (cosine < this.floor) continue;
      rows.push(this.#rows[i]);
      cosines.push(cosine);
    }
    [this.#rows, this.#cosines] = [rows, cosines];
  }
}

/** A row and its cosine with a query. */
export interface Near {
  row: number;
  cosine: number;
}

/** Cosine similarity in float64, −1 … 1; 0 where either is a row of zeros. */
export function cosineOf(a: Float32Array, b: Float32Array): number {
  let product = 0, squaresA = 0, squaresB = 0;
  for (let c = 0; c < a.length; c++) {
    product += a[c] * b[c];
    squaresA += a[c] * a[c];
    squaresB += b[c] * b[c];
  }
  const lengths = Math.sqrt(squaresA) * Math.sqrt(squaresB);
  return lengths > 0 ? Math.min(1, Math.max(-1, product / lengths)) : 0;
}

/** The k nearest of rows that come one after another. */
export class Nearest {
  #near: Near[] = [];

  constructor(readonly k: number) {}

  add(row: number, cosine: number): void {
    this.#near.push({ row, cosine });
    if (this.#near.length >= 2 * this.k + ROOM) this.#near = this.list();
  }

  /** Nearest first; of equally near rows the lower number. */
  list(): Near[] {
    return this.#near.sort((a, b) => b.cosine - a.cosine || a.row - b.row).slice(0, this.k);
  }
}
