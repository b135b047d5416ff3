import { assert, assertEquals, assertThrows } from "@std/assert";
import { Recorder } from "../../src/gpu/recorder.ts";
import { recordSoftmaxCrossEntropy } from "../../src/nn/softmax_cross_entropy.ts";
import { expectClose, noise, run, summationError, upload, uploadWords, type Values } from "./oracle.ts";
import { softmaxCrossEntropy } from "./reference/softmax_cross_entropy.ts";
import { torchCases } from "./torch_cases.ts";

/** WGSL lets exp be 3 + 2|x| units in the last place off, and log 2⁻²¹ near 1 (§15.7.4 of its specification). */
const ULP = 2 ** -23, LOG_ERROR = 2 ** -21;

async function check(
  logits: Values,
  labels: number[],
  options: { scale?: number; expected?: { rowLoss: Values; dLogits: Values } } = {},
): Promise<void> {
  const [N, C] = logits.shape, { scale, expected } = options;
  const [rowLoss, dLogits] = await run((recorder) => {
    const words = uploadWords([N], Uint32Array.from(labels));
    const { rowLoss, dLogits } = recordSoftmaxCrossEntropy(recorder, "head", upload(logits), words, scale);
    return [rowLoss, dLogits];
  });
  const truth = softmaxCrossEntropy({ N, C }, logits.data, labels, scale);
  // exp's error grows with |x|, but its share of the total falls: Σ share · |x| is at most log C, and a share's own
  // |x| · exp(−|x|) less than 1/2. Subtracting the top rounds once, by the size of both.
  const share = summationError(C + 2) + (8 + 2 * Math.log(C)) * ULP;
  const top = (n: number) =>
    logits.data.subarray(n * C, (n + 1) * C).reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  for (let n = 0; n < N; n++) {
    const scaleOf = (length: number, by: number) => new Float64Array(length).fill(by);
    expectClose(
      `rowLoss ${n}`,
      rowLoss.subarray(n, n + 1),
      (expected?.rowLoss.data ?? truth.rowLoss).subarray(n, n + 1),
      share + LOG_ERROR + 4 * ULP,
      scaleOf(1, top(n)),
    );
    expectClose(
      `dLogits of row ${n}`,
      dLogits.subarray(n * C, (n + 1) * C),
      (expected?.dLogits.data ?? truth.dLogits).subarray(n * C, (n + 1) * C),
      share,
      scaleOf(C, Math.abs(scale ?? 1 / N)),
    );
  }
}
const labelsFor = (N: number, C: number) => Array.from({ length: N }, (_, n) => (7 * n + 3) % C);

// One class; around a workgroup; ImageNet's thousand; more classes than a workgroup reads at once; many rows.
for (const [N, C] of [[1, 1], [1, 2], [3, 63], [5, 64], [2, 65], [7, 1000], [2, 4099], [300, 10]]) {
  Deno.test(`softmax_cross_entropy agrees with float64 at ${N}x${C}`, () =>
    check(noise([N, C], N + C, { std: 3 }), labelsFor(N, C)));
}
Deno.test("softmax_cross_entropy agrees with float64 for logits of ±1e4: nothing overflows, nothing is lost", async () => {
  const logits = noise([6, 67], 3);
  const row = (n: number) => logits.data.subarray(n * 67, (n + 1) * 67);
  row(0).fill(-1e4)[5] = 1e4;
  row(1).fill(1e4)[5] = -1e4;
  row(2).fill(1e4);
  row(3).fill(-1e4);
  for (const [i, v] of row(4).entries()) row(4)[i] = Math.fround(1e4 * v);
  row(5)[66] = 1e4; // the label's: a loss of 0
  const labels = [5, 5, 0, 66, 11, 66];
  await check(logits, labels);
  const [rowLoss] = await run((recorder) => {
    const words = uploadWords([6], Uint32Array.from(labels));
    return [recordSoftmaxCrossEntropy(recorder, "head", upload(logits), words).rowLoss];
  });
  assertEquals([rowLoss[0], rowLoss[5]], [0, 0]);
  assert(Math.abs(rowLoss[1] - 20_004.19) < 0.01, `${rowLoss[1]}`); // 2e4 + log 66
});
Deno.test("softmax_cross_entropy takes a scale, and leaves out rows whose label is no class", () =>
  check(noise([5, 9], 8), [0, 9, 8, 0xffff_ffff, 4], { scale: -2.5 }));
for (const { index, tensors: t } of torchCases("softmax_cross_entropy")) {
  Deno.test(`softmax_cross_entropy agrees with PyTorch, case ${index}`, async () => {
    const labels = [...t.labels.data], [N, C] = t.logits.shape;
    const truth = softmaxCrossEntropy({ N, C }, t.logits.data, labels);
    expectClose("the reference's losses", truth.rowLoss, t.rowLoss.data, 1e-9);
    expectClose(
      "the reference's gradient",
      truth.dLogits,
      t.dLogits.data,
      1e-9,
      new Float64Array(N * C).fill(1),
    );
    await check(t.logits, labels, { expected: { rowLoss: t.rowLoss, dLogits: t.dLogits } });
  });
}
Deno.test("recordSoftmaxCrossEntropy() refuses labels of another shape or type", () => {
  const recorder = new Recorder(), logits = recorder.alloc("logits", [4, 3]);
  const record = (labels: number[], dtype: "u32" | "f32") => () =>
    recordSoftmaxCrossEntropy(recorder, "head", logits, recorder.alloc("labels", labels, dtype));
  assertThrows(record([3], "u32"), RangeError, "shape must be [4], got [3]");
  assertThrows(record([4], "f32"), TypeError, "must be u32, got f32");
});
