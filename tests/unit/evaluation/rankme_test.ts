import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { rankMe } from "../../../src/evaluation/rankme.ts";
import { RankMeWorker } from "../../../src/evaluation/rankme_worker.ts";

/** Of `min(rows, dim)` equal singular values, or of one beside zeros: the formula, with its 1e-7. */
function closedForm(equal: number, size: number): number {
  const [p, rest] = [1 / equal + 1e-7, 1e-7];
  return Math.exp(-(equal * p * Math.log(p) + (size - equal) * rest * Math.log(rest)));
}
const matrix = (rows: number, dim: number, at: (i: number, j: number) => number): Float32Array =>
  Float32Array.from({ length: rows * dim }, (_, k) => at(Math.floor(k / dim), k % dim));

for (const [rows, dim] of [[5, 5], [9, 4], [4, 9], [64, 64], [512, 128]]) {
  Deno.test(`RankMe of orthonormal directions is their number, ${rows}x${dim}`, () => {
    const size = Math.min(rows, dim), value = rankMe(matrix(rows, dim, (i, j) => Number(i === j)), dim);
    assertAlmostEquals(value, closedForm(size, size), 1e-9 * size);
    assertAlmostEquals(value, size, 1e-3 * size);
  });
}

for (const [rows, dim] of [[1, 7], [6, 1], [20, 30], [40, 10]]) {
  Deno.test(`RankMe of one direction is 1, ${rows}x${dim}`, () => {
    const value = rankMe(matrix(rows, dim, (i, j) => (i + 1) * (j - 3.5)), dim);
    assertAlmostEquals(value, 1, 1e-4);
  });
}

Deno.test("RankMe of zeros is 1", () => {
  assertAlmostEquals(rankMe(new Float32Array(12), 4), 1, 1e-4);
});

/**
 * NumPy 2.4's of float32 matrices: `s = svd(a); p = s / s.sum() + 1e-7; exp(-(p * log(p)).sum())` of
 * `a = sin(1 + i * j + 3 * i)`, and of `a / (1 + j)**2`.
 */
const NUMPY = [
  [7, 3, 2.956809649152369, 2.2163363895972843],
  [3, 7, 2.9809596398920544, 1.7419774214353614],
  [40, 40, 35.02461480740073, 4.4613865052161925],
  [100, 33, 28.94065950341585, 4.335345670169123],
  [33, 100, 29.757819575962483, 4.519707781727739],
  [1, 5, 0.9999998999999999, 0.9999998999999999],
] as const;
for (const [rows, dim, plain, graded] of NUMPY) {
  Deno.test(`RankMe agrees with NumPy's singular values, ${rows}x${dim}`, () => {
    const sine = (i: number, j: number) => Math.sin(1 + i * j + 3 * i);
    assertAlmostEquals(rankMe(matrix(rows, dim, sine), dim), plain, 1e-6 * plain);
    assertAlmostEquals(
      rankMe(matrix(rows, dim, (i, j) => sine(i, j) / (1 + j) ** 2), dim),
      graded,
      1e-6 * graded,
    );
  });
}

Deno.test("RankMe refuses what is no matrix of numbers", () => {
  assertThrows(() => rankMe(new Float32Array(0), 3), RangeError);
  assertThrows(() => rankMe(new Float32Array(7), 3), RangeError);
  assertThrows(() => rankMe(Float32Array.of(1, NaN, 2), 3), RangeError);
});

Deno.test("a worker takes RankMe without holding up its caller, and is closed", async () => {
  const values = matrix(512, 2048, (i, j) => Math.sin(1 + i * j + 3 * i)), copy = values.slice();
  const worker = new RankMeWorker();
  try {
    await worker.compute(Float32Array.of(1, 0, 0, 1), 2); // starts the thread
    let turns = 0;
    const beat = setInterval(() => turns++, 5);
    const large = worker.compute(values, 2048), small = worker.compute(Float32Array.of(1, 0, 0, 1), 2);
    const rank = await large;
    clearInterval(beat);
    assert(turns > 3, `the caller came to its turn ${turns} times`);
    assertAlmostEquals(rank, rankMe(values, 2048), 1e-12 * rank);
    assertAlmostEquals(await small, closedForm(2, 2), 1e-9);
    assertEquals(values, copy);
    await assertRejects(() => worker.compute(Float32Array.of(1, NaN), 2), RangeError);
    const left = worker.compute(values, 2048);
    worker.close();
    await assertRejects(() => left, Error, "closed");
    await assertRejects(() => worker.compute(values, 2048), Error, "closed");
  } finally {
    worker.close();
  }
});
