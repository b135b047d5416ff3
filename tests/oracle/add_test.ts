import { assertEquals } from "@std/assert";
import { recordAdd } from "../../src/nn/add.ts";
import { goldenCases } from "./golden.ts";
import { noise, run, upload, type Values } from "./oracle.ts";
import { add } from "./reference/add.ts";

const onGpu = async (a: Values, b: Values): Promise<Float64Array> =>
  (await run((recorder) => [recordAdd(recorder, "add", upload(a), upload(b))]))[0];

for (const shape of [[1], [3, 5, 7, 3], [2, 129], [1, 4, 4, 257]]) {
  Deno.test(`add is the correctly rounded sum at [${shape}]`, async () => {
    const a = noise(shape, 1), b = noise(shape, 2);
    assertEquals(await onGpu(a, b), add(a.data, b.data).map(Math.fround));
  });
}
for (const { index, tensors: { a, b, y } } of goldenCases("add")) {
  Deno.test(`add is PyTorch's, case ${index}`, async () =>
    assertEquals(await onGpu(a, b), y.data.map(Math.fround)));
}
