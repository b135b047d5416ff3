import { assertEquals } from "@std/assert";
import { recordReluBackward } from "../../src/nn/relu.ts";
import { goldenCases } from "./golden.ts";
import { noise, run, upload, type Values } from "./oracle.ts";
import { reluBackward } from "./reference/relu.ts";

const onGpu = async (y: Values, dy: Values): Promise<Float64Array> =>
  (await run((recorder) => [recordReluBackward(recorder, "relu", upload(y), upload(dy))]))[0];

for (const shape of [[1], [3, 5, 7, 3], [2, 129], [1, 4, 4, 256]]) {
  Deno.test(`relu's backward is exact at [${shape}]`, async () => {
    const y = noise(shape, 1);
    y.data.forEach((v, i) => y.data[i] = i % 5 === 0 ? 0 : Math.max(0, v)); // zero itself lets nothing through
    const dy = noise(shape, 2);
    assertEquals(await onGpu(y, dy), reluBackward(y.data, dy.data));
  });
}
for (const { index, tensors: { y, dy, dx } } of goldenCases("relu")) {
  Deno.test(`relu's backward is PyTorch's, case ${index}`, async () =>
    assertEquals(await onGpu(y, dy), dx.data));
}
