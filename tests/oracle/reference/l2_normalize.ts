const EPSILON = 1e-12;

/** @returns Each row of x `[rows, cols]` by √max(its sum of squares, 1e-12). */
export function l2Normalize(cols: number, x: Float64Array): Float64Array {
  const y = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += cols) {
    const row = x.subarray(at, at + cols), squares = row.reduce((sum, v) => sum + v * v, 0);
    y.set(row.map((v) => v / Math.sqrt(Math.max(squares, EPSILON))), at);
  }
  return y;
}

/** @returns dx; under the clamp the divisor is a constant. */
export function l2NormalizeBackward(cols: number, x: Float64Array, dy: Float64Array): Float64Array {
  const dx = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += cols) {
    const row = x.subarray(at, at + cols), d = dy.subarray(at, at + cols);
    const squares = row.reduce((sum, v) => sum + v * v, 0);
    const inner = row.reduce((sum, v, i) => sum + v * d[i], 0);
    const clamped = squares <= EPSILON, norm = Math.sqrt(Math.max(squares, EPSILON));
    dx.set(row.map((v, i) => (d[i] - (clamped ? 0 : v * inner / squares)) / norm), at);
  }
  return dx;
}
