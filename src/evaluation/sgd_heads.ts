import type { LabelledEmbeddings } from "./knn.ts";
import { type LinearHead, logitsOf, softmaxResidual } from "./linear_head.ts";

export interface SgdOptions {
  dim: number;
  classes: number;
  /** Peak learning rates: a head each, all on the same batches. */
  rates: readonly number[];
  /** Steps in all: the rate falls to 0 along half a cosine over them, without a warm-up. */
  steps: number;
  /** Nesterov's. */
  momentum: number;
}
interface Trained extends LinearHead {
  rate: number;
  velocity: LinearHead;
}

/**
 * Linear classifiers of frozen embeddings, trained by SGD with Nesterov's momentum on the mean cross-entropy of a batch,
 * without weight decay, from zero (byol.md §B1, linear evaluation): v ← m·v + g; w ← w − lr·(g + m·v), as torch.optim.SGD.
 * In float64.
 */
export class SgdHeads {
  readonly #heads: Trained[];
  #step = 0;

  constructor(readonly options: SgdOptions) {
    const { dim, classes } = options;
    const zeros = (): LinearHead => ({
      weight: new Float64Array(classes * dim),
      bias: new Float64Array(classes),
    });
    this.#heads = options.rates.map((rate) => ({ rate, ...zeros(), velocity: zeros() }));
  }

  /** As they are now, in the order of the rates. */
  get heads(): LinearHead[] {
    return this.#heads.map(({ weight, bias }) => ({ weight, bias }));
  }

  /** Goes through rows batch by batch, in their order; the last batch is what is left. @returns Mean loss of each head. */
  train({ rows, labels }: LabelledEmbeddings, batch: number): number[] {
    const losses = this.#heads.map(() => 0), { dim } = this.options;
    for (let first = 0; first < labels.length; first += batch) {
      const end = Math.min(first + batch, labels.length);
      const part = { rows: rows.subarray(first * dim, end * dim), labels: labels.subarray(first, end) };
      for (const [i, loss] of this.step(part).entries()) losses[i] += loss * (end - first) / labels.length;
    }
    return losses;
  }

  /** One step of each head. @returns Each one's mean loss before it. */
  step({ rows, labels }: LabelledEmbeddings): number[] {
    const { dim, classes, steps, momentum } = this.options, logits = new Float64Array(classes);
    const share = (1 + Math.cos(Math.PI * Math.min(1, this.#step++ / steps))) / 2;
    const weight = new Float64Array(classes * dim), bias = new Float64Array(classes);
    return this.#heads.map((head) => {
      let loss = 0;
      weight.fill(0);
      bias.fill(0);
      for (const [n, label] of labels.entries()) {
        logitsOf(head, rows, n * dim, logits);
        loss += softmaxResidual(logits, label) / labels.length;
        for (let c = 0, w = 0; c < classes; c++) {
          const residual = logits[c] / labels.length;
          bias[c] += residual;
          for (let x = n * dim; x < (n + 1) * dim; x++, w++) weight[w] += residual * rows[x];
        }
      }
      update(head.weight, head.velocity.weight, weight, share * head.rate, momentum);
      update(head.bias, head.velocity.bias, bias, share * head.rate, momentum);
      return loss;
    });
  }
}

function update(
  values: Float64Array,
  velocity: Float64Array,
  gradient: Float64Array,
  rate: number,
  momentum: number,
): void {
  for (let i = 0; i < values.length; i++) {
    velocity[i] = momentum * velocity[i] + gradient[i];
    values[i] -= rate * (gradient[i] + momentum * velocity[i]);
  }
}
