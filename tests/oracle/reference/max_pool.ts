/** x `[N, H, W, C]`, y `[N, P, Q, C]`; a square window. */
export interface MaxPoolShape {
  N: number;
  H: number;
  W: number;
  C: number;
  window: number;
  stride: number;
  padding: number;
}

/**
 * Max-pooling as PyTorch defines it: of equal values the first in row-major order, and NaN above all numbers.
 *
 * @returns y; and `winner`, the index in x of what each element of y was taken from.
 */
export function maxPool({ N, H, W, C, window, stride, padding }: MaxPoolShape, x: Float64Array) {
  const outputs = (extent: number) => Math.floor((extent + 2 * padding - window) / stride) + 1;
  const P = outputs(H),
    Q = outputs(W),
    y = new Float64Array(N * P * Q * C),
    winner = new Int32Array(y.length);
  for (let i = 0; i < y.length; i++) {
    const c = i % C, q = Math.floor(i / C) % Q, p = Math.floor(i / C / Q) % P, n = Math.floor(i / C / Q / P);
    winner[i] = -1;
    for (let tap = 0; tap < window * window; tap++) {
      const h = p * stride - padding + Math.floor(tap / window), w = q * stride - padding + tap % window;
      if (h < 0 || h >= H || w < 0 || w >= W) continue;
      const at = ((n * H + h) * W + w) * C + c;
      if (winner[i] < 0 || x[at] > y[i] || Number.isNaN(x[at])) [y[i], winner[i]] = [x[at], at];
    }
  }
  return { P, Q, y, winner };
}

/** @returns dx of x's shape: each dy goes to its window's winner. */
export function maxPoolBackward(
  { N, H, W, C }: MaxPoolShape,
  winner: Int32Array,
  dy: Float64Array,
): Float64Array {
  const dx = new Float64Array(N * H * W * C);
  for (let i = 0; i < dy.length; i++) dx[winner[i]] += dy[i];
  return dx;
}
