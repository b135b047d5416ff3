import { assertEquals } from "@std/assert";
import { recordReluBackward } from "../../src/nn/relu.ts";
import { goldenCases } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { noise, run, stored, testInEachType, upload, type Values } from "./oracle.ts";
import { reluBackward } from "./reference/relu.ts";

const onGpu = async (y: Values, dy: Values, elem: Elem = "f32"): Promise<Float64Array> =>
  (await run((
    recorder,
  ) => [recordReluBackward(recorder, "relu", upload(y, "y", elem), upload(dy, "dy", elem))]))[0];

for (const shape of [[1], [3, 5, 7, 3], [2, 129], [1, 4, 4, 256]]) {
  testInEachType(`relu's backward is exact at [${shape}]`, async (elem) => {
    const y = stored(noise(shape, 1), elem);
    y.data.forEach((v, i) => y.data[i] = i % 5 === 0 ? 0 : Math.max(0, v)); // zero itself lets nothing through
    const dy = stored(noise(shape, 2), elem);
    assertEquals(await onGpu(y, dy, elem), reluBackward(y.data, dy.data));
  });
}
for (const { index, tensors: { y, dy, dx } } of goldenCases("relu")) {
  Deno.test(`relu's backward is PyTorch's, case ${index}`, async () =>
    assertEquals(await onGpu(y, dy), dx.data));
}
