/** Embeddings with their labels: `rows` is `[n, dim]`, row-major; `labels` are class indices. */
export interface LabelledEmbeddings {
  rows: Float32Array;
  labels: Int32Array;
}

/**
 * k-NN classification (Wu et al., arXiv 1805.01978 §3.4): each query's `k` nearest bank rows by cosine similarity
 * vote with weight exp(similarity / temperature). Equal votes go to the lower class index, equal similarities to the
 * earlier bank row. Sums are in float64.
 *
 * @param k Neighbours; all of the bank where it holds fewer.
 * @returns Top-1 accuracy over the queries, 0 … 1.
 * @throws {RangeError} If there are no queries, no bank, or a label is missing (negative).
 */
export function knnAccuracy(
  bank: LabelledEmbeddings,
  queries: LabelledEmbeddings,
  dim: number,
  { k, temperature }: { k: number; temperature: number },
): number {
  expectLabels(bank, queries);
  const bankUnit = normalizeRows(bank.rows, dim), queryUnit = normalizeRows(queries.rows, dim);
  const n = bank.labels.length, neighbours = Math.min(k, n);
  const similarity = new Float64Array(n), ballot = new Ballot(bank.labels, temperature);
  let correct = 0;
  for (let q = 0; q < queries.labels.length; q++) {
    for (let b = 0; b < n; b++) {
      let dot = 0;
      for (let i = 0; i < dim; i++) dot += queryUnit[q * dim + i] * bankUnit[b * dim + i];
      similarity[b] = dot;
    }
    const chosen = nearest(similarity, neighbours);
    if (ballot.winner(chosen, Float64Array.from(chosen, (b) => similarity[b])) === queries.labels[q]) {
      correct++;
    }
  }
  return correct / queries.labels.length;
}

/** @throws {RangeError} If there are no queries, no bank, or a label is missing (negative). */
export function expectLabels(bank: LabelledEmbeddings, queries: LabelledEmbeddings): void {
  for (const [name, { labels }] of Object.entries({ bank, queries })) {
    if (labels.length === 0 || labels.some((label) => label < 0)) {
      throw new RangeError(`Cannot classify by k-NN: every one of at least one ${name} row needs a label`);
    }
  }
}

/** Counts neighbours' votes. */
export class Ballot {
  readonly #votes: Float64Array;
  constructor(readonly labels: Int32Array, readonly temperature: number) {
    this.#votes = new Float64Array(1 + labels.reduce((most, label) => Math.max(most, label), 0));
  }

  /** The class that has most votes, the lower of equal ones. @param neighbours Rows of the bank, with similarities. */
  winner(neighbours: ArrayLike<number>, similarities: ArrayLike<number>): number {
    const votes = this.#votes.fill(0);
    let most = -Infinity;
    for (let i = 0; i < neighbours.length; i++) most = Math.max(most, similarities[i]);
    for (let i = 0; i < neighbours.length; i++) {
      // Relative to the nearest's: nothing overflows, however small the temperature.
      votes[this.labels[neighbours[i]]] += Math.exp((similarities[i] - most) / this.temperature);
    }
    return votes.indexOf(votes.reduce((most, vote) => Math.max(most, vote), 0));
  }
}

/** Indices of the `k` largest values, the earlier first among equals. */
function nearest(values: Float64Array, k: number): Uint32Array {
  const threshold = values.toSorted()[values.length - k];
  const chosen = new Uint32Array(k);
  let count = 0;
  for (let i = 0; i < values.length && count < k; i++) if (values[i] > threshold) chosen[count++] = i;
  for (let i = 0; i < values.length && count < k; i++) if (values[i] === threshold) chosen[count++] = i;
  return chosen;
}

function normalizeRows(rows: Float32Array, dim: number): Float64Array {
  const unit = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += dim) {
    let squares = 0;
    for (let i = at; i < at + dim; i++) squares += rows[i] * rows[i];
    const scale = 1 / Math.sqrt(Math.max(squares, 1e-12));
    for (let i = at; i < at + dim; i++) unit[i] = rows[i] * scale;
  }
  return unit;
}
