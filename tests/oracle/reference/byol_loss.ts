const EPSILON = 1e-12;

/** prediction and projection `[2N, D]`: view 1's rows, then view 2's; a row is compared with the other view's. */
export interface ByolLossShape {
  N: number;
  D: number;
}
export interface ByolLoss {
  /** The mean over N images of both directions' sum: 0 where they agree, 8 where they are opposite. */
  loss: number;
  /** `[2N]`: ‖p̂ − ẑ‖², which is 2 − 2cos for rows above the clamp. */
  rowLoss: Float64Array;
}

/** v / √max(Σv², 1e-12) of row `row`. */
function normalized(
  v: Float64Array,
  row: number,
  D: number,
): { unit: Float64Array; inv: number; clamped: boolean } {
  const values = v.slice(row * D, (row + 1) * D), squares = values.reduce((sum, a) => sum + a * a, 0);
  const inv = 1 / Math.sqrt(Math.max(squares, EPSILON));
  return { unit: values.map((a) => a * inv), inv, clamped: squares < EPSILON };
}

export function byolLoss(
  { N, D }: ByolLossShape,
  prediction: Float64Array,
  projection: Float64Array,
): ByolLoss {
  const rowLoss = new Float64Array(2 * N);
  for (let row = 0; row < 2 * N; row++) {
    const p = normalized(prediction, row, D).unit, z = normalized(projection, (row + N) % (2 * N), D).unit;
    for (let d = 0; d < D; d++) rowLoss[row] += (p[d] - z[d]) ** 2;
  }
  return { loss: rowLoss.reduce((a, b) => a + b) / N, rowLoss };
}

/** @returns The loss's gradient with respect to the prediction, `[2N, D]`; the projection has none. */
export function byolLossBackward(
  { N, D }: ByolLossShape,
  prediction: Float64Array,
  projection: Float64Array,
): Float64Array {
  const dPrediction = new Float64Array(2 * N * D);
  for (let row = 0; row < 2 * N; row++) {
    const { unit: p, inv, clamped } = normalized(prediction, row, D);
    const z = normalized(projection, (row + N) % (2 * N), D).unit;
    const dUnit = p.map((v, d) => 2 * (v - z[d]) / N);
    // Under the clamp the length is a constant.
    const along = clamped ? 0 : dUnit.reduce((sum, v, d) => sum + v * p[d], 0);
    for (let d = 0; d < D; d++) dPrediction[row * D + d] = (dUnit[d] - p[d] * along) * inv;
  }
  return dPrediction;
}
