import { rankMe } from "./rankme.ts";

/** Rows whose pairs uniformity is of: each with each. */
export const UNIFORMITY_ROWS = 2048;

/** How good embeddings are, as far as that can be told without labels. */
export interface EmbeddingQuality {
  /** As `rankMe`. */
  rankme: number;
  /** Wang and Isola (arXiv 2005.10242 §4.1), t 2: log of the mean of exp(−2 ‖x − y‖²) over pairs of different images, of unit length. */
  uniformity: number;
  /** Of unit length: each dimension's standard deviation over images, averaged. 1/√d is healthy, 0 a collapse (byol.md §E9). */
  feature_std: number;
  /** Wang and Isola, α 2: the mean of ‖x − y‖² between an image's two views, of unit length; only where views were given. */
  alignment?: number;
}

/**
 * Judges embeddings, in float64.
 *
 * @param rows `[n, dim]`, of different images. @param pairs Embeddings of an image's view 1 and its view 2, a row each.
 * @throws {RangeError} If there are fewer than two rows, or a value is not finite.
 */
export function embeddingQuality(
  rows: Float32Array,
  dim: number,
  pairs?: [Float32Array, Float32Array],
): EmbeddingQuality {
  if (rows.length < 2 * dim) {
    throw new RangeError(`Cannot judge embeddings: at least 2 needed, got ${rows.length / dim}`);
  }
  const rankme = rankMe(rows, dim), unit = unitRows(rows, dim); // the first refuses what is not finite
  const quality = { rankme, uniformity: uniformity(unit, dim), feature_std: featureStd(unit, dim) };
  if (!pairs) return quality;
  const [first, second] = pairs.map((views) => unitRows(views, dim));
  const squares = first.reduce((sum, v, i) => sum + (v - second[i]) ** 2, 0);
  return { ...quality, alignment: squares / (first.length / dim) };
}

function uniformity(unit: Float64Array, dim: number): number {
  const n = Math.min(UNIFORMITY_ROWS, unit.length / dim);
  let sum = 0;
  for (let a = 1; a < n; a++) {
    for (let b = 0; b < a; b++) {
      let squares = 0;
      for (let i = 0; i < dim; i++) squares += (unit[a * dim + i] - unit[b * dim + i]) ** 2;
      sum += Math.exp(-2 * squares);
    }
  }
  return Math.log(sum / (n * (n - 1) / 2));
}

function featureStd(unit: Float64Array, dim: number): number {
  const n = unit.length / dim, mean = new Float64Array(dim), squares = new Float64Array(dim);
  for (let i = 0; i < unit.length; i++) mean[i % dim] += unit[i] / n;
  for (let i = 0; i < unit.length; i++) squares[i % dim] += (unit[i] - mean[i % dim]) ** 2 / n;
  return squares.reduce((sum, v) => sum + Math.sqrt(v), 0) / dim;
}

/** A row of zeros stays one. */
function unitRows(rows: Float32Array, dim: number): Float64Array {
  const unit = Float64Array.from(rows);
  for (let at = 0; at < unit.length; at += dim) {
    const row = unit.subarray(at, at + dim), length = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0));
    for (let i = 0; i < dim; i++) row[i] /= length || 1;
  }
  return unit;
}
