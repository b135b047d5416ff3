const EPSILON = 1e-5;
const STAT_DECAY = 0.9;

/** x `[groups × rows, C]`: each group's rows (N·H·W of one view) stand together. */
export interface BatchNormShape {
  groups: number;
  rows: number;
  C: number;
}
export interface BatchNormParameters {
  gamma: Float64Array;
  beta: Float64Array;
  runningMean: Float64Array;
  runningVar: Float64Array;
}
export interface BatchNormResult {
  /** Of x's shape. */
  y: Float64Array;
  /** `[groups, C]`: the batch's statistics; the variance in `invStd` is the biased one. */
  mean: Float64Array;
  invStd: Float64Array;
  /** `[C]`: after every group in turn, the variance unbiased, as PyTorch's. */
  runningMean: Float64Array;
  runningVar: Float64Array;
}

/** BatchNorm by each group's own statistics: y = (x − mean) / √(var + 1e-5) · γ + β. Nothing is changed in place. */
export function batchNorm(
  { groups, rows, C }: BatchNormShape,
  x: Float64Array,
  { gamma, beta, ...running }: BatchNormParameters,
): BatchNormResult {
  const y = new Float64Array(x.length),
    mean = new Float64Array(groups * C),
    invStd = new Float64Array(groups * C);
  const runningMean = running.runningMean.slice(), runningVar = running.runningVar.slice();
  for (let g = 0; g < groups; g++) {
    for (let c = 0; c < C; c++) {
      const at = (row: number) => (g * rows + row) * C + c;
      let sum = 0, squares = 0;
      for (let row = 0; row < rows; row++) sum += x[at(row)];
      const m = sum / rows;
      for (let row = 0; row < rows; row++) squares += (x[at(row)] - m) ** 2;
      const inv = 1 / Math.sqrt(squares / rows + EPSILON);
      for (let row = 0; row < rows; row++) y[at(row)] = (x[at(row)] - m) * inv * gamma[c] + beta[c];
      mean[g * C + c] = m;
      invStd[g * C + c] = inv;
      runningMean[c] = STAT_DECAY * runningMean[c] + (1 - STAT_DECAY) * m;
      runningVar[c] = STAT_DECAY * runningVar[c] + (1 - STAT_DECAY) * squares / Math.max(1, rows - 1);
    }
  }
  return { y, mean, invStd, runningMean, runningVar };
}

/** @returns dx of x's shape; dGamma and dBeta `[C]`, summed over the groups, from zero. */
export function batchNormBackward(
  { groups, rows, C }: BatchNormShape,
  x: Float64Array,
  { gamma, mean, invStd }: { gamma: Float64Array; mean: Float64Array; invStd: Float64Array },
  dy: Float64Array,
): { dx: Float64Array; dGamma: Float64Array; dBeta: Float64Array } {
  const dx = new Float64Array(x.length), dGamma = new Float64Array(C), dBeta = new Float64Array(C);
  for (let g = 0; g < groups; g++) {
    for (let c = 0; c < C; c++) {
      const at = (row: number) => (g * rows + row) * C + c;
      const inv = invStd[g * C + c], xHat = (row: number) => (x[at(row)] - mean[g * C + c]) * inv;
      let sum = 0, sumXHat = 0;
      for (let row = 0; row < rows; row++) {
        sum += dy[at(row)];
        sumXHat += dy[at(row)] * xHat(row);
      }
      for (let row = 0; row < rows; row++) {
        dx[at(row)] = gamma[c] * inv * (dy[at(row)] - sum / rows - xHat(row) * sumXHat / rows);
      }
      dBeta[c] += sum;
      dGamma[c] += sumXHat;
    }
  }
  return { dx, dGamma, dBeta };
}

/** BatchNorm by the running statistics, for embedding; x `[rows, C]`. */
export function batchNormFrozen(
  { rows, C }: { rows: number; C: number },
  x: Float64Array,
  { gamma, beta, runningMean, runningVar }: BatchNormParameters,
): Float64Array {
  const y = new Float64Array(rows * C);
  for (let i = 0; i < y.length; i++) {
    const c = i % C;
    y[i] = (x[i] - runningMean[c]) / Math.sqrt(runningVar[c] + EPSILON) * gamma[c] + beta[c];
  }
  return y;
}
