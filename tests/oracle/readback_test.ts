import { assertEquals, assertRejects } from "@std/assert";
import { readback } from "../../src/gpu/readback.ts";
import { gpu, uploadWords } from "./oracle.ts";

/** Tensors of so many words each, every word another. */
function tensorsOf(...lengths: number[]) {
  let next = 1;
  return lengths.map((length) => {
    const words = Uint32Array.from({ length }, () => next++);
    return { words, tensor: uploadWords([length], words) };
  });
}

for (
  const [what, lengths, stagingBytes] of [
    ["in one round", [3, 0, 5], 4096],
    ["in one round that they fill", [3, 5], 32],
    ["in rounds that end within tensors", [5, 0, 1, 17, 2], 16],
    ["a word at a time", [2, 3], 4],
    ["of nothing", [], 16],
    ["of an empty one", [0], 16],
  ] as const
) {
  Deno.test(`readback() copies tensors ${what}`, async () => {
    const given = tensorsOf(...lengths);
    const bits = await readback(gpu.device, given.map(({ tensor }) => tensor), stagingBytes);
    assertEquals(bits.map((part) => [...new Uint32Array(part)]), given.map(({ words }) => [...words]));
  });
}

Deno.test("readback() refuses a tensor that has no memory yet", async () => {
  const tensor = { label: "y", shape: [4], dtype: "f32" } as const;
  await assertRejects(
    () => readback(gpu.device, [tensor]),
    TypeError,
    "Cannot read y: its plan is not compiled",
  );
});
