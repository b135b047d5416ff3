/** Rows of a table that are nearest to one, the nearest first. */
export interface Nearest {
  rows: number[];
  /** Euclidean. */
  distances: number[];
}

/**
 * Finds the k nearest of `base`'s rows to a row of `queries`, exactly.
 *
 * A row is given up as soon as its distance so far is too large; principal components come largest first, so that is soon.
 *
 * @param skip A row of `base` that does not count: the one itself.
 */
export function nearestRows(
  base: Float32Array,
  queries: Float32Array,
  columns: number,
  row: number,
  k: number,
  skip = -1,
): Nearest {
  const rows: number[] = [], squares: number[] = [], count = base.length / columns, q = row * columns;
  let most = Infinity;
  for (let n = 0; n < count; n++) {
    if (n === skip) continue;
    let sum = 0;
    const b = n * columns;
    for (let c = 0; c < columns && sum < most; c++) {
      const difference = queries[q + c] - base[b + c];
      sum += difference * difference;
    }
    if (sum >= most) continue;
    let at = rows.length < k ? rows.length : k - 1;
    for (; at > 0 && squares[at - 1] > sum; at--) {
      rows[at] = rows[at - 1];
      squares[at] = squares[at - 1];
    }
    rows[at] = n;
    squares[at] = sum;
    if (rows.length === k) most = squares[k - 1];
  }
  return { rows, distances: squares.map(Math.sqrt) };
}
