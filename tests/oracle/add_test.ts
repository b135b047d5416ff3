import { assertEquals } from "@std/assert";
import { recordAdd } from "../../src/nn/add.ts";
import { goldenCases } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { between, noise, run, stored, testDrawn, testInEachType, upload, type Values } from "./oracle.ts";
import { add } from "./reference/add.ts";

const onGpu = async (a: Values, b: Values, elem: Elem = "f32"): Promise<Float64Array> =>
  (await run((recorder) => [recordAdd(recorder, "add", upload(a, "a", elem), upload(b, "b", elem))]))[0];

for (const shape of [[1], [3, 5, 7, 3], [2, 129], [1, 4, 4, 257]]) {
  // In f16 too: an f32 sum of two f16 is precise enough (24 ≥ 2·11 + 2 digits) that rounding it again changes nothing.
  testInEachType(`add is the correctly rounded sum at [${shape}]`, async (elem) => {
    const a = stored(noise(shape, 1), elem), b = stored(noise(shape, 2), elem);
    assertEquals(await onGpu(a, b, elem), stored({ shape, data: add(a.data, b.data) }, elem).data);
  });
}
for (const { index, tensors: { a, b, y } } of goldenCases("add")) {
  Deno.test(`add is PyTorch's, case ${index}`, async () =>
    assertEquals(await onGpu(a, b), y.data.map(Math.fround)));
}

testDrawn(
  "add",
  (random) => Array.from({ length: 1 + random.below(4) }, () => between(random, 1, 20)),
  async (shape, seed, elem) => {
    const a = stored(noise(shape, 10 * seed), elem), b = stored(noise(shape, 10 * seed + 1), elem);
    assertEquals(await onGpu(a, b, elem), stored({ shape, data: add(a.data, b.data) }, elem).data);
  },
);
