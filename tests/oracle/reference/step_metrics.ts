const sum = (values: ArrayLike<number>): number => {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
};
/** ‖values‖₂. */
export const norm = (values: ArrayLike<number>): number => Math.sqrt(sum(Array.from(values, (v) => v * v)));

/** A batch's figures in float64. @param projection, targetProjection, embedding Row-major, view 1's rows, then view 2's. */
export function stepMetrics(
  { N, D, dim }: { N: number; D: number; dim: number },
  rowLoss: Float64Array,
  projection: Float64Array,
  targetProjection: Float64Array,
  embedding: Float64Array,
) {
  const unitRows = (of: Float64Array) =>
    Array.from({ length: N }, (_, n) => {
      const row = of.subarray(n * D, (n + 1) * D), length = Math.max(1e-6, norm(row));
      return row.map((v) => v / length);
    });
  const unit = unitRows(projection), target = unitRows(targetProjection);
  let deviations = 0;
  for (let d = 0; d < D; d++) {
    const column = unit.map((row) => row[d]), mean = sum(column) / N;
    deviations += Math.sqrt(sum(column.map((v) => (v - mean) ** 2)) / Math.max(1, N - 1));
  }
  let cosines = 0;
  for (let i = 0; i < N; i++) {
    for (let j = 0; j < N; j++) {
      if (i === j) continue;
      for (let d = 0; d < D; d++) cosines += unit[i][d] * unit[j][d];
    }
  }
  const alive = new Set<number>();
  embedding.forEach((v, i) => v !== 0 && alive.add(i % dim));
  const lossView1 = sum(rowLoss.subarray(0, N)) / N, lossView2 = sum(rowLoss.subarray(N)) / N;
  return {
    loss: lossView1 + lossView2,
    lossView1,
    lossView2,
    projectionStd: deviations / D,
    meanCosine: N === 1 ? 0 : cosines / (N * (N - 1)),
    targetCosine: sum(unit.map((row, n) => sum(row.map((v, d) => v * target[n][d])))) / N,
    deadFeatures: 1 - alive.size / dim,
  };
}
