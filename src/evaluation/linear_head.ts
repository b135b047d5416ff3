/** A linear classifier: a class's logit is `row · weight[class] + bias[class]`. `weight` is `[classes, dim]`, row-major. */
export interface LinearHead<A = Float64Array> {
  weight: A;
  bias: A;
}

/** The logits of one row, written to `logits`. In float64. */
export function logitsOf(
  { weight, bias }: LinearHead<Float64Array | Float32Array>,
  rows: Float32Array | Float64Array,
  at: number,
  logits: Float64Array,
): void {
  const dim = weight.length / bias.length;
  for (let c = 0, w = 0; c < bias.length; c++) {
    let sum = 0;
    for (let x = at; x < at + dim; x++, w++) sum += weight[w] * rows[x];
    logits[c] = sum + bias[c];
  }
}

/** Turns logits into what their loss's gradient is: probabilities, less 1 at the label. @returns The cross-entropy. */
export function softmaxResidual(logits: Float64Array, label: number): number {
  let most = -Infinity, total = 0;
  for (const logit of logits) most = Math.max(most, logit);
  const own = logits[label] - most;
  for (let c = 0; c < logits.length; c++) total += logits[c] = Math.exp(logits[c] - most);
  for (let c = 0; c < logits.length; c++) logits[c] /= total;
  logits[label] -= 1;
  return Math.log(total) - own;
}

/** What a head makes of rows. */
export interface Answers {
  /** The class of the largest logit, the lower of equal ones. */
  predicted: Int32Array;
  /** How many classes come before the row's own: 0 is right, below 5 a top-5 hit. */
  places: Int32Array;
}

/** Classifies rows, `[labels, dim]`. A row with a logit that is no number is wrong, and its class the last. */
export function classify(
  head: LinearHead<Float64Array | Float32Array>,
  rows: Float32Array,
  labels: Int32Array,
): Answers {
  const classes = head.bias.length, dim = head.weight.length / classes, logits = new Float64Array(classes);
  const predicted = new Int32Array(labels.length), places = new Int32Array(labels.length);
  for (const [n, label] of labels.entries()) {
    logitsOf(head, rows, n * dim, logits);
    let best = 0, place = 0;
    for (let c = 0; c < classes; c++) {
      if (logits[c] > logits[best]) best = c;
      if (logits[c] > logits[label] || (logits[c] === logits[label] && c < label)) place++;
    }
    const sound = logits.every((logit) => !Number.isNaN(logit));
    predicted[n] = sound ? best : (label + 1) % classes;
    places[n] = sound ? place : classes;
  }
  return { predicted, places };
}

/** The share of right answers, 0 … 1. */
export const accuracyOf = ({ places }: Answers): number =>
  places.reduce((right, place) => right + Number(place === 0), 0) / places.length;
