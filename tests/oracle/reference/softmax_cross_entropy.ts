/** logits `[N, C]`. A label outside 0 … C − 1 takes its row out. */
export interface CrossEntropyShape {
  N: number;
  C: number;
}

/** @returns `rowLoss`, `[N]`, and the gradient of `scale` times their sum, `[N, C]`. */
export function softmaxCrossEntropy(
  { N, C }: CrossEntropyShape,
  logits: Float64Array,
  labels: ArrayLike<number>,
  scale = 1 / N,
): { rowLoss: Float64Array; dLogits: Float64Array } {
  const rowLoss = new Float64Array(N), dLogits = new Float64Array(N * C);
  for (let n = 0; n < N; n++) {
    if (labels[n] >= C) continue;
    const row = logits.subarray(n * C, (n + 1) * C), top = row.reduce((a, b) => Math.max(a, b), -Infinity);
    const total = row.reduce((sum, z) => sum + Math.exp(z - top), 0);
    rowLoss[n] = Math.log(total) + top - row[labels[n]];
    for (let c = 0; c < C; c++) {
      dLogits[n * C + c] = scale * (Math.exp(row[c] - top) / total - (c === labels[n] ? 1 : 0));
    }
  }
  return { rowLoss, dLogits };
}
