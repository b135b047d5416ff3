import { EVD, Matrix } from "ml-matrix";

/** What keeps the logarithm of a share of 0 finite, and counts for each singular value: the paper's. */
const EPSILON = 1e-7;

/**
 * RankMe (Garrido et al., arXiv 2210.02885, eq. 1 and 2): how many dimensions embeddings make use of, smoothly: the
 * exponential of the entropy of `p_k = σ_k / Σσ + 1e-7`, σ the singular values of the matrix of embeddings, not centred.
 * 1 when all embeddings are one direction, min(rows, dim) when all are alike; high is no guarantee, low is a collapse.
 *
 * In float64. σ are roots of eigenvalues of the smaller Gram matrix, right to about 1e-8 of the largest: under EPSILON.
 *
 * @param values `[rows, dim]`, row-major.
 * @throws {RangeError} If there is no row, their length is not whole, or a value is not finite.
 */
export function rankMe(values: Float32Array | Float64Array, dim: number): number {
  const rows = values.length / dim;
  if (!(Number.isInteger(rows) && rows > 0)) {
    throw new RangeError(
      `Cannot take RankMe: whole rows of ${dim} values needed, got ${values.length} values`,
    );
  }
  const bad = values.findIndex((v) => !Number.isFinite(v));
  if (bad >= 0) throw new RangeError(`Cannot take RankMe: values must be finite, got ${values[bad]}`);
  const wide = rows <= dim ? Float64Array.from(values) : transposed(values, rows, dim);
  const eigenvalues = gramEigenvalues(wide, Math.min(rows, dim));
  const sigmas = eigenvalues.map((v) => Math.sqrt(Math.max(0, v))), total = sigmas.reduce((a, b) => a + b, 0);
  let entropy = 0;
  for (const sigma of sigmas) {
    const p = (total > 0 ? sigma / total : 0) + EPSILON;
    entropy -= p * Math.log(p);
  }
  return Math.exp(entropy);
}

/** Those of a · aᵀ, a of `size` rows. */
function gramEigenvalues(a: Float64Array, size: number): number[] {
  const length = a.length / size, gram = Matrix.zeros(size, size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j += 4) { // four sums for each load of a row; past the last row they are its own again
      const [r0, r1, r2, r3] = [0, 1, 2, 3].map((q) => Math.min(j + q, size - 1) * length);
      let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = 0, x = i * length; k < length; k++) {
        const v = a[x + k];
        s0 += v * a[r0 + k];
        s1 += v * a[r1 + k];
        s2 += v * a[r2 + k];
        s3 += v * a[r3 + k];
      }
      for (const [q, sum] of [s0, s1, s2, s3].entries()) {
        const row = Math.min(j + q, size - 1);
        gram.set(i, row, sum);
        gram.set(row, i, sum);
      }
    }
  }
  return new EVD(gram, { assumeSymmetric: true }).realEigenvalues;
}

function transposed(values: ArrayLike<number>, rows: number, dim: number): Float64Array {
  const out = new Float64Array(rows * dim);
  for (let r = 0; r < rows; r++) for (let d = 0; d < dim; d++) out[d * rows + r] = values[r * dim + d];
  return out;
}
