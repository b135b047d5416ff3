import { assert, assertEquals, assertRejects } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { probeAccuracy, probeBytes } from "../../src/evaluation/probe_accuracy.ts";
import { noise, pipelines, upload, type Values } from "./oracle.ts";

/** In float64; how often the two largest logits are too near for f32 to tell is counted beside. */
function reference(rows: Values, weight: Values, bias: Values, labels: Int32Array) {
  const [, dim] = weight.shape;
  let right = 0, near = 0;
  for (const [n, label] of labels.entries()) {
    const logits = Array.from(bias.data, (b, c) => {
      let sum = b;
      for (let i = 0; i < dim; i++) sum += weight.data[c * dim + i] * rows.data[n * dim + i];
      return sum;
    });
    const [first, second = -Infinity] = logits.toSorted((a, b) => b - a);
    if (first - second < 1e-5 * dim) near++;
    if (logits.indexOf(first) === label) right++;
  }
  return { accuracy: right / labels.length, slack: near / labels.length };
}

const CASES = [[1, 1, 1], [1, 5, 3], [33, 64, 10], [1024, 7, 2], [1025, 8, 17], [2500, 12, 101]];
for (const [count, dim, classes] of CASES) {
  Deno.test(`probeAccuracy() is that of float64 logits, ${count} rows of ${dim}, ${classes} classes`, async () => {
    const rows = noise([count, dim], 1), weight = noise([classes, dim], 2), bias = noise([classes], 3);
    const random = new RandomStream(4, 91),
      labels = Int32Array.from({ length: count }, () => random.below(classes));
    const probe = { weight: upload(weight), bias: upload(bias) };
    const actual = await probeAccuracy(pipelines, { rows: new Float32Array(rows.data), labels }, dim, probe);
    const { accuracy, slack } = reference(rows, weight, bias, labels);
    assert(Math.abs(actual - accuracy) <= slack, `${actual}, expected ${accuracy} ± ${slack}`);
  });
}

Deno.test("probeAccuracy() takes the lower of equal classes, and what is no number for wrong", async () => {
  const probe = {
    weight: upload({ shape: [3, 2], data: Float64Array.of(1, 0, 1, 0, 0, 1) }),
    bias: upload(noise([3], 1, { std: 0 })),
  };
  const accuracy = (row: number[], label: number) =>
    probeAccuracy(pipelines, { rows: Float32Array.from(row), labels: Int32Array.of(label) }, 2, probe);
  assertEquals([await accuracy([1, 0], 0), await accuracy([1, 0], 1), await accuracy([0, 1], 2)], [1, 0, 1]);
  assertEquals([await accuracy([NaN, NaN], 0), await accuracy([-1, -2], 0)], [0, 1]);
});

Deno.test("probeAccuracy() refuses a probe of another encoder and no rows, and stops when it is told to", async () => {
  const rows = { rows: new Float32Array(8), labels: new Int32Array(2) };
  const probe = { weight: upload(noise([3, 4], 1)), bias: upload(noise([3], 1)) };
  await assertRejects(() => probeAccuracy(pipelines, rows, 2, probe), RangeError, "weight");
  const narrow = { ...probe, bias: upload(noise([2], 1)) };
  await assertRejects(() => probeAccuracy(pipelines, rows, 4, narrow), RangeError, "bias");
  const none = { rows: new Float32Array(), labels: new Int32Array() };
  await assertRejects(() => probeAccuracy(pipelines, none, 4, probe), RangeError, "got 0");
  const stop = AbortSignal.abort(new Error("enough"));
  await assertRejects(() => probeAccuracy(pipelines, rows, 4, probe, stop), Error, "enough");
  assert(probeBytes(pipelines, { rows: 1e6, dim: 4, classes: 3 }) < 2 ** 20);
});
