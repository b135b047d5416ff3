import { EVD, Matrix } from "ml-matrix";
import { RandomStream, STREAM } from "../domain/philox.ts";

export interface PrincipalAxes {
  /** Eigenvalues, the largest first; none is negative. */
  values: Float64Array<ArrayBuffer>;
  /** Their eigenvectors of unit length, `[count, size]`; of each the entry that is largest by magnitude is positive. */
  vectors: Float64Array<ArrayBuffer>;
}

/** A matrix up to this size is decomposed whole. */
const WHOLE = 256;
/** Vectors beside those that are wanted: the closer to these the next eigenvalue is, the longer it takes. */
const SPARE = 10;
/** Powers of the matrix that a round's space is made of, and its vectors at most. */
const DEPTH = 6, MAX_BASIS = 384;
/** A pair is found when its residual is so small, of the largest eigenvalue: far below what f32 has made of the matrix. */
const ENOUGH = 1e-9;
/** What is not found by then lies among eigenvalues that are as good as equal. */
const MAX_ROUNDS = 40;

/**
 * The `count` largest eigenvalues of a symmetric positive semidefinite matrix and their vectors, in float64: of a large one by
 * block Krylov spaces, begun anew from the best of them (Musco and Musco, arXiv 1504.05477). The same matrix gives the same.
 *
 * @param matrix `[size, size]`. @param count At most `size`.
 */
export function principalAxes(matrix: Float64Array, size: number, count: number): PrincipalAxes {
  if (size <= WHOLE) {
    const identity = Array.from({ length: size }, (_, i) => unit(size, i));
    const products = identity.map((_, i) => matrix.slice(i * size, (i + 1) * size));
    const { values, vectors } = ritz(identity, products, count);
    return chosen(values, vectors, size, count);
  }
  const block = Math.min(size, count + SPARE), random = new RandomStream(0, STREAM.init);
  const depth = Math.max(2, Math.min(DEPTH, Math.floor(MAX_BASIS / block)));
  let start: Float64Array[] = Array.from(
    { length: block },
    () => Float64Array.from({ length: size }, () => random.normal()),
  );
  for (let round = 1;; round++) {
    const basis: Float64Array[] = [], products: Float64Array[] = [];
    let next = start;
    for (let power = 0; power < depth && next.length > 0; power++) {
      const fresh = orthonormal(next, basis, size);
      next = fresh.map((vector) => times(matrix, vector));
      products.push(...next);
    }
    const { values, vectors, images } = ritz(basis, products, block);
    const residual = Math.max(
      ...vectors.slice(0, count).map((vector, i) =>
        Math.sqrt(
          vector.reduce((sum, v, j) => sum + (images[i][j] - values[i] * v) ** 2, 0),
        )
      ),
    );
    if (round === MAX_ROUNDS || residual <= ENOUGH * values[0]) return chosen(values, vectors, size, count);
    start = vectors;
  }
}

/** The `count` best pairs that a space has (Rayleigh and Ritz), and the vectors' products with the matrix. */
function ritz(
  basis: readonly Float64Array[],
  products: readonly Float64Array[],
  count: number,
): { values: number[]; vectors: Float64Array[]; images: Float64Array[] } {
  const m = basis.length, small = Matrix.zeros(m, m);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j <= i; j++) {
      const value = (dot(basis[i], products[j]) + dot(basis[j], products[i])) / 2;
      small.set(i, j, value);
      small.set(j, i, value);
    }
  }
  const { realEigenvalues, eigenvectorMatrix } = new EVD(small, { assumeSymmetric: true });
  const order = [...realEigenvalues.keys()].sort((a, b) => realEigenvalues[b] - realEigenvalues[a])
    .slice(0, count);
  const combined = (of: readonly Float64Array[], column: number) => {
    const sum = new Float64Array(of[0].length);
    for (let i = 0; i < m; i++) addScaled(sum, of[i], eigenvectorMatrix.get(i, column));
    return sum;
  };
  return {
    values: order.map((column) => realEigenvalues[column]),
    vectors: order.map((column) => combined(basis, column)),
    images: order.map((column) => combined(products, column)),
  };
}

function chosen(
  values: readonly number[],
  vectors: readonly Float64Array[],
  size: number,
  count: number,
): PrincipalAxes {
  const all = new Float64Array(count * size);
  for (let k = 0; k < count; k++) {
    const vector = vectors[k];
    let largest = 0;
    for (let i = 1; i < size; i++) if (Math.abs(vector[i]) > Math.abs(vector[largest])) largest = i;
    const sign = vector[largest] < 0 ? -1 : 1;
    for (let i = 0; i < size; i++) all[k * size + i] = sign * vector[i];
  }
  return { values: Float64Array.from(values.slice(0, count), (v) => Math.max(0, v)), vectors: all };
}

/** Appends to `basis` what `vectors` add to it, and returns that: what is in it already, but for rounding, is left out. */
function orthonormal(vectors: readonly Float64Array[], basis: Float64Array[], size: number): Float64Array[] {
  const fresh: Float64Array[] = [];
  for (const given of vectors) {
    if (basis.length === size) break;
    const vector = Float64Array.from(given), before = Math.sqrt(dot(vector, vector));
    for (let pass = 0; pass < 2; pass++) { // once leaves what rounding has added
      for (const other of basis) addScaled(vector, other, -dot(vector, other));
    }
    const length = Math.sqrt(dot(vector, vector));
    if (!(length > 1e-12 * before)) continue;
    for (let i = 0; i < size; i++) vector[i] /= length;
    basis.push(vector);
    fresh.push(vector);
  }
  return fresh;
}

/** `matrix · vector`, of a symmetric matrix, four of its rows to each load of the vector. */
function times(matrix: Float64Array, vector: Float64Array): Float64Array {
  const size = vector.length, out = new Float64Array(size);
  let i = 0;
  for (; i + 4 <= size; i += 4) {
    const r0 = i * size, r1 = r0 + size, r2 = r1 + size, r3 = r2 + size;
    let s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (let j = 0; j < size; j++) {
      const v = vector[j];
      s0 += matrix[r0 + j] * v;
      s1 += matrix[r1 + j] * v;
      s2 += matrix[r2 + j] * v;
      s3 += matrix[r3 + j] * v;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < size; i++) out[i] = dot(matrix.subarray(i * size, (i + 1) * size), vector);
  return out;
}

function dot(a: Float64Array, b: Float64Array): number {
  let s0 = 0, s1 = 0, i = 0;
  for (; i + 2 <= a.length; i += 2) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
  }
  return i < a.length ? s0 + s1 + a[i] * b[i] : s0 + s1;
}

function addScaled(sum: Float64Array, vector: Float64Array, scale: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] += scale * vector[i];
}

function unit(size: number, at: number): Float64Array {
  const vector = new Float64Array(size);
  vector[at] = 1;
  return vector;
}
