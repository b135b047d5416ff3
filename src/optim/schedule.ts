/**
 * The learning rate of step k: linear from 0 over `warmup` steps, then cosine to 0 at `total` (byol.md §A6).
 *
 * @param k The step, from 0; step 0 of a warm-up has rate 0.
 */
export function learningRate(k: number, total: number, warmup: number, peak: number): number {
  if (k < warmup) return (peak * k) / warmup;
  return peak * 0.5 * (1 + Math.cos((Math.PI * (k - warmup)) / Math.max(1, total - warmup)));
}

/** Where of its steps a run's rate falls to a tenth, and then again (byol.md §B1, linear evaluation in the ports). */
const DROPS = [0.6, 0.8] as const;

/** The learning rate of step k, from 0, of a stepwise schedule: `peak`, and a tenth of it from each of two points on. */
export const steppedRate = (k: number, total: number, peak: number): number =>
  DROPS.reduce((rate, at) => k >= Math.round(at * total) ? rate / 10 : rate, peak);
