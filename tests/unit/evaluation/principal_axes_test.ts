import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { EVD, Matrix } from "ml-matrix";
import { RandomStream } from "../../../src/domain/philox.ts";
import { principalAxesOnThread } from "../../../src/evaluation/axes_worker.ts";
import { principalAxes } from "../../../src/evaluation/principal_axes.ts";

/** `Σ_q scale(q) g_q g_qᵀ`, of `rank` random vectors. */
function matrixOf(size: number, rank: number, scale: (q: number) => number): Float64Array<ArrayBuffer> {
  const random = new RandomStream(5, 94), sum = new Float64Array(size * size);
  for (let q = 0; q < rank; q++) {
    const g = Float64Array.from({ length: size }, () => random.normal());
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) sum[i * size + j] += scale(q) * g[i] * g[j];
    }
  }
  return sum;
}

for (
  const [name, size, rank, count, scale] of [
    ["of a few rows", 5, 9, 5, () => 1],
    ["that fall", 300, 400, 50, (q: number) => 1 / (1 + q)],
    ["that hardly fall, of fewer rows than dimensions", 300, 60, 8, () => 1],
    ["that are mostly zero", 300, 3, 10, () => 1],
  ] as const
) {
  Deno.test(`principalAxes() are the eigenvectors that ml-matrix finds of eigenvalues ${name}`, () => {
    const matrix = matrixOf(size, rank, scale), { values, vectors } = principalAxes(matrix, size, count);
    const whole = new EVD(Matrix.from1DArray(size, size, matrix), { assumeSymmetric: true });
    const expected = whole.realEigenvalues.toSorted((a, b) => b - a), [largest] = expected;
    for (let k = 0; k < count; k++) {
      assertAlmostEquals(values[k], Math.max(0, expected[k]), 1e-9 * largest);
      const v = vectors.subarray(k * size, (k + 1) * size);
      const image = v.map((_, i) => v.reduce((sum, x, j) => sum + matrix[i * size + j] * x, 0));
      const residual = Math.hypot(...image.map((y, i) => y - values[k] * v[i]));
      assert(residual < 1e-8 * largest, `residual ${residual} of ${k}, the largest eigenvalue is ${largest}`);
      const sizes = v.map(Math.abs);
      assert(v[sizes.indexOf(Math.max(...sizes))] > 0);
      for (let l = 0; l <= k; l++) {
        const other = vectors.subarray(l * size, (l + 1) * size);
        assertAlmostEquals(v.reduce((sum, x, i) => sum + x * other[i], 0), l === k ? 1 : 0, 1e-10);
      }
    }
  });
}

Deno.test("principalAxes() finds each of equal eigenvalues, of zeros too, and the same again", () => {
  const size = 280, matrix = new Float64Array(size * size);
  for (let i = 0; i < size; i++) matrix[i * size + i] = i < 6 ? 4 : 1;
  const { values, vectors } = principalAxes(matrix, size, 8);
  assertEquals([...values].map((v) => Math.round(1e9 * v) / 1e9), [4, 4, 4, 4, 4, 4, 1, 1]);
  assertEquals(principalAxes(matrix, size, 8).vectors, vectors);
  assertEquals([...principalAxes(new Float64Array(size * size), size, 2).values], [0, 0]);
});

Deno.test("principalAxesOnThread() gives what principalAxes() does, and stops when it is told to", async () => {
  const matrix = matrixOf(40, 60, () => 1), expected = principalAxes(matrix, 40, 3);
  assertEquals(
    await principalAxesOnThread(matrix.slice(), 40, 3, new AbortController().signal),
    expected,
  );
  const stop = new AbortController(), asked = principalAxesOnThread(matrix, 40, 3, stop.signal);
  stop.abort(new Error("enough"));
  const { message } = await asked.catch((error) => error);
  assertEquals(message, "enough");
});
