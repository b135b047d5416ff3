/**
 * The learning rate of step k: linear from 0 over `warmup` steps, then cosine to 0 at `total` (byol.md §A6).
 *
 * @param k The step, from 0; step 0 of a warm-up has rate 0.
 */
export function learningRate(k: number, total: number, warmup: number, peak: number): number {
  if (k < warmup) return (peak * k) / warmup;
  return peak * 0.5 * (1 + Math.cos((Math.PI * (k - warmup)) / Math.max(1, total - warmup)));
}
