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
  for (const [name, { labels }] of Object.entries({ bank, queries })) {
    if (labels.length === 0 || labels.some((label) => label < 0)) {
      throw new RangeError(`Cannot classify by k-NN: every one of at least one ${name} row needs a label`);
    }
  }
  const bankUnit = normalizeRows(bank.rows, dim), queryUnit = normalizeRows(queries.rows, dim);
  const n = bank.labels.length, neighbours = Math.min(k, n);
  const classes = 1 + bank.labels.reduce((most, label) => Math.max(most, label), 0);
  const similarity = new Float64Array(n), votes = new Float64Array(classes);
  let correct = 0;
  for (let q = 0; q < queries.labels.length; q++) {
    for (let b = 0; b < n; b++) {
      let dot = 0;
      for (let i = 0; i < dim; i++) dot += queryUnit[q * dim + i] * bankUnit[b * dim + i];
      similarity[b] = dot;
    }
    votes.fill(0);
    for (const b of nearest(similarity, neighbours)) {
      votes[bank.labels[b]] += Math.exp(similarity[b] / temperature);
    }
    if (votes.indexOf(Math.max(...votes)) === queries.labels[q]) correct++;
  }
  return correct / queries.labels.length;
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
