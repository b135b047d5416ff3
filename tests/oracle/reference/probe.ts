import { norm } from "./step_metrics.ts";

/** A probe and its momentum, in float64. */
export interface ProbeState {
  weight: Float64Array;
  bias: Float64Array;
  weightMomentum: Float64Array;
  biasMomentum: Float64Array;
}
export const zeroProbe = (classes: number, dim: number): ProbeState => ({
  weight: new Float64Array(classes * dim),
  bias: new Float64Array(classes),
  weightMomentum: new Float64Array(classes * dim),
  biasMomentum: new Float64Array(classes),
});

/**
 * One step of a linear classifier: the gradient of the mean cross-entropy over all rows, of which those without a class
 * have none, then SGD with momentum 0.9.
 *
 * @param x `[N, dim]`. @param labels One a row; `classes` or more is no class.
 * @param rate Undefined: nothing is updated.
 * @returns The labelled rows' mean loss and the share of them whose largest logit, the first of equals, is their class's.
 */
export function probeStep(
  probe: ProbeState,
  x: Float64Array,
  labels: ArrayLike<number>,
  rate: number | undefined,
): { loss: number; top1: number } {
  const N = labels.length, dim = x.length / N, classes = probe.bias.length;
  const dWeight = new Float64Array(classes * dim), dBias = new Float64Array(classes);
  let loss = 0, correct = 0, labelled = 0;
  for (let n = 0; n < N; n++) {
    const row = x.subarray(n * dim, (n + 1) * dim), label = labels[n];
    if (label >= classes) continue;
    labelled++;
    const logits = probe.bias.map((bias, c) =>
      row.reduce((sum, v, d) => sum + v * probe.weight[c * dim + d], bias)
    );
    const top = Math.max(...logits),
      exps = logits.map((z) => Math.exp(z - top)),
      total = exps.reduce((a, b) => a + b);
    loss += Math.log(total) - (logits[label] - top);
    correct += Number(logits.indexOf(top) === label);
    for (let c = 0; c < classes; c++) {
      const d = (exps[c] / total - Number(c === label)) / N;
      dBias[c] += d;
      row.forEach((v, i) => dWeight[c * dim + i] += d * v);
    }
  }
  if (rate !== undefined) {
    const update = (w: Float64Array, m: Float64Array, g: Float64Array) =>
      g.forEach((v, i) => {
        m[i] = 0.9 * m[i] + v;
        w[i] -= rate * m[i];
      });
    update(probe.weight, probe.weightMomentum, dWeight);
    update(probe.bias, probe.biasMomentum, dBias);
  }
  return { loss: loss / Math.max(1, labelled), top1: correct / Math.max(1, labelled) };
}

/** ‖a − b‖ / ‖b‖, of what is not zero. */
export const apart = (a: ArrayLike<number>, b: Float64Array): number =>
  norm(b.map((v, i) => v - a[i])) / Math.max(1e-12, norm(b));
