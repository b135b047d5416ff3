import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { knnAccuracyOnGpu } from "../../src/evaluation/gpu_knn.ts";
import { knnAccuracy, type LabelledEmbeddings } from "../../src/evaluation/knn.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { pipelines } from "./oracle.ts";

/** Rows of `classes` directions with noise of about their own length, at lengths from 0.1 to 10. */
function clusters(count: number, dim: number, classes: number, seed: number): LabelledEmbeddings {
  const centre = new RandomStream(1, 96), random = new RandomStream(seed, 95);
  const centres = Array.from({ length: classes * dim }, () => centre.normal());
  const rows = new Float32Array(count * dim), labels = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    labels[n] = random.below(classes);
    const length = 10 ** random.uniform(-1, 1);
    for (let i = 0; i < dim; i++) {
      rows[n * dim + i] = length * (centres[labels[n] * dim + i] + 1.5 * random.normal());
    }
  }
  return { rows, labels };
}

for (
  const { bank, queries, dim, k } of [
    { bank: 1, queries: 1, dim: 1, k: 200 },
    { bank: 50, queries: 7, dim: 5, k: 3 },
    { bank: 8901, queries: 1050, dim: 8, k: 100 }, // chunks of both, the last ones short
    { bank: 1500, queries: 20, dim: 8, k: 1300 }, // more than the GPU keeps
  ]
) {
  Deno.test(`knnAccuracyOnGpu() is knnAccuracy(), ${queries} queries, bank of ${bank}, k ${k}`, async () => {
    const known = clusters(bank, dim, 6, 2), asked = clusters(queries, dim, 6, 3);
    for (const temperature of [0.07, 1]) {
      const actual = await knnAccuracyOnGpu(pipelines, known, asked, dim, { k, temperature });
      const expected = knnAccuracy(known, asked, dim, { k, temperature });
      // A query whose votes or k-th neighbours lie within f32's rounding may go the other way: one in a thousand.
      assertAlmostEquals(actual, expected, queries / 1000 / queries + 1e-12);
    }
  });
}

Deno.test("knnAccuracyOnGpu() takes the earlier of equally near rows, and the lower of equally voted classes", async () => {
  const bank = { rows: Float32Array.of(1, 0, 2, 0, 4, 0), labels: Int32Array.of(2, 1, 1) };
  const accuracy = (label: number, k: number) =>
    knnAccuracyOnGpu(
      pipelines,
      bank,
      { rows: Float32Array.of(1, 0), labels: Int32Array.of(label) },
      2,
      { k, temperature: 1e-3 },
    );
  assertEquals([await accuracy(2, 1), await accuracy(1, 2), await accuracy(1, 3)], [1, 1, 1]);
});

Deno.test("knnAccuracyOnGpu() refuses rows without a label, and stops when it is told to", async () => {
  const bank = clusters(20, 4, 2, 1), signal = AbortSignal.abort(new Error("enough"));
  const unlabelled = { ...bank, labels: bank.labels.map(() => -1) };
  const options = { k: 3, temperature: 1 };
  await assertRejects(() => knnAccuracyOnGpu(pipelines, unlabelled, bank, 4, options), RangeError, "bank");
  await assertRejects(() => knnAccuracyOnGpu(pipelines, bank, bank, 4, options, signal), Error, "enough");
  assert(await knnAccuracyOnGpu(pipelines, bank, bank, 4, { k: 1, temperature: 1 }) === 1);
});
