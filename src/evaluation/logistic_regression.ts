import type { LabelledEmbeddings } from "./knn.ts";
import { minimize, type Objective } from "./lbfgs.ts";
import type { LinearHead } from "./linear_head.ts";
import { softmaxResidual } from "./linear_head.ts";

/** Rows whose weights are used while they are in the cache. */
const BLOCK = 32;

export interface LogisticOptions {
  /** Of the objective below divided by the rows: it has converged when no entry of its gradient is larger. */
  tolerance: number;
  maxIterations: number;
  /** Where to begin; all zeros where nothing is given. */
  start?: LinearHead;
}
export interface LogisticFit {
  head: LinearHead;
  /** The objective where it has come to. */
  loss: number;
  iterations: number;
  converged: boolean;
}

/**
 * Multinomial logistic regression (byol.md §B1, transfer): minimises Σ cross-entropy + λ/2 · ‖weight‖², the bias left out of
 * the penalty. scikit-learn's `LogisticRegression(C=1/λ)` minimises C times as much. In float64, by L-BFGS.
 *
 * Rows are centred inside, which with a free bias changes the path to the optimum and not the optimum.
 *
 * @param data Labels are 0 … classes − 1. @param lambda λ, positive.
 * @throws {RangeError} If there is no row, λ is not positive, or a value is not finite.
 */
export function fitLogistic(
  data: CentredRows,
  lambda: number,
  { tolerance, maxIterations, start }: LogisticOptions,
): LogisticFit {
  if (!(lambda > 0 && Number.isFinite(lambda))) {
    throw new RangeError(`Cannot fit a classifier: lambda must be positive, got ${lambda}`);
  }
  const { classes, dim, count } = data;
  const { x, value, iterations, converged } = minimize(
    logisticObjective(data, lambda),
    start ? data.centredHead(start) : new Float64Array(classes * (dim + 1)),
    { tolerance, maxIterations, scale: data.inverseCurvature(lambda) },
  );
  return { head: data.headOf(x), loss: value * count, iterations, converged };
}

/** Rows less their mean, with their labels. */
export class CentredRows {
  readonly count: number;
  readonly mean: Float64Array;
  /** `[count, dim]`. */
  readonly values: Float64Array;
  readonly labels: Int32Array;

  /** @throws {RangeError} If there is no row, or a value is not finite. */
  constructor({ rows, labels }: LabelledEmbeddings, readonly dim: number, readonly classes: number) {
    const count = labels.length, mean = new Float64Array(dim), values = Float64Array.from(rows);
    const bad = values.findIndex((v) => !Number.isFinite(v));
    if (count === 0 || bad >= 0) {
      throw new RangeError(
        `Cannot fit a classifier: one finite row at least needed, got ${count ? values[bad] : "none"}`,
      );
    }
    for (let i = 0; i < values.length; i++) mean[i % dim] += values[i] / count;
    for (let i = 0; i < values.length; i++) values[i] -= mean[i % dim];
    [this.count, this.mean, this.values, this.labels] = [count, mean, values, labels];
  }

  /** A head of the rows as they were, of parameters for centred ones: the weights, then the biases. */
  headOf(x: Float64Array): LinearHead {
    const { classes, dim, mean } = this, weight = x.slice(0, classes * dim), bias = x.slice(classes * dim);
    for (let i = 0; i < weight.length; i++) bias[Math.floor(i / dim)] -= weight[i] * mean[i % dim];
    return { weight, bias };
  }
  /** The inverse of `headOf`. */
  centredHead({ weight, bias }: LinearHead): Float64Array {
    const { classes, dim, mean } = this, x = new Float64Array(classes * (dim + 1));
    x.set(weight);
    x.set(bias, weight.length);
    for (let i = 0; i < weight.length; i++) {
      x[weight.length + Math.floor(i / dim)] += weight[i] * mean[i % dim];
    }
    return x;
  }

  /** About the inverse of the diagonal of the objective's Hessian where all classes are as likely. */
  inverseCurvature(lambda: number): Float64Array {
    const { classes, dim, count, values } = this, spread = (1 / classes) * (1 - 1 / classes);
    const squares = new Float64Array(dim), scale = new Float64Array(classes * (dim + 1)).fill(1 / spread);
    for (let i = 0; i < values.length; i++) squares[i % dim] += values[i] * values[i];
    for (let i = 0; i < classes * dim; i++) scale[i] = count / (spread * squares[i % dim] + lambda);
    return scale;
  }
}

/** The objective of `fitLogistic` divided by the rows, of the parameters that `CentredRows.headOf` reads. */
export function logisticObjective(
  { values, labels, count, dim, classes }: CentredRows,
  lambda: number,
): Objective {
  const logits = new Float64Array(BLOCK * classes), size = classes * dim;
  return (x, gradient) => {
    let loss = 0, squares = 0;
    for (let i = 0; i < size; i++) {
      squares += x[i] * x[i];
      gradient[i] = (lambda / count) * x[i];
    }
    gradient.fill(0, size);
    for (let first = 0; first < count; first += BLOCK) {
      const rows = Math.min(BLOCK, count - first);
      multiply(x, values, { first, rows, dim, classes }, logits);
      for (let r = 0; r < rows; r++) {
        const own = logits.subarray(r * classes, (r + 1) * classes);
        for (let c = 0; c < classes; c++) own[c] += x[size + c];
        loss += softmaxResidual(own, labels[first + r]);
        for (let c = 0; c < classes; c++) {
          own[c] /= count;
          gradient[size + c] += own[c];
        }
      }
      accumulate(logits, values, { first, rows, dim, classes }, gradient);
    }
    return loss / count + (lambda / count / 2) * squares;
  };
}

interface Block {
  first: number;
  rows: number;
  dim: number;
  classes: number;
}

/** logits[r, c] = values[first + r] · weight[c], four rows to a load of the weights. */
function multiply(
  weight: Float64Array,
  values: Float64Array,
  { first, rows, dim, classes }: Block,
  logits: Float64Array,
): void {
  for (let r = 0; r < rows; r += 4) { // past the last row they are its own again
    const [a, b, c, d] = [0, 1, 2, 3].map((q) => Math.min(r + q, rows - 1));
    const [ra, rb, rc, rd] = [a, b, c, d].map((row) => (first + row) * dim);
    for (let k = 0; k < classes; k++) {
      let sa = 0, sb = 0, sc = 0, sd = 0;
      for (let i = 0, w = k * dim; i < dim; i++, w++) {
        const v = weight[w];
        sa += v * values[ra + i];
        sb += v * values[rb + i];
        sc += v * values[rc + i];
        sd += v * values[rd + i];
      }
      logits[a * classes + k] = sa;
      logits[b * classes + k] = sb;
      logits[c * classes + k] = sc;
      logits[d * classes + k] = sd;
    }
  }
}

/** gradient[c] += Σ_r residual[r, c] · values[first + r]. */
function accumulate(
  residual: Float64Array,
  values: Float64Array,
  { first, rows, dim, classes }: Block,
  gradient: Float64Array,
): void {
  for (let r = 0; r < rows; r += 4) {
    const [a, b, c, d] = [0, 1, 2, 3].map((q) => Math.min(r + q, rows - 1));
    const [ra, rb, rc, rd] = [a, b, c, d].map((row) => (first + row) * dim);
    for (let k = 0; k < classes; k++) {
      const of = (row: number, q: number) => r + q < rows ? residual[row * classes + k] : 0;
      const ga = of(a, 0), gb = of(b, 1), gc = of(c, 2), gd = of(d, 3);
      for (let i = 0, w = k * dim; i < dim; i++, w++) {
        gradient[w] += ga * values[ra + i] + gb * values[rb + i] + gc * values[rc + i] + gd * values[rd + i];
      }
    }
  }
}
