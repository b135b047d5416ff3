/** @returns For each row of x `[rows, columns]` the columns of its k largest values, of equal ones the lower first. */
export function topK(
  columns: number,
  x: ArrayLike<number>,
  k: number,
): { values: number[]; indices: number[] } {
  const values: number[] = [], indices: number[] = [];
  for (let at = 0; at < x.length; at += columns) {
    const order = Array.from({ length: columns }, (_, c) => c).sort((a, b) => x[at + b] - x[at + a] || a - b);
    for (const c of order.slice(0, k)) {
      values.push(x[at + c]);
      indices.push(c);
    }
  }
  return { values, indices };
}
