import { assertEquals, assertRejects } from "@std/assert";
import { KEPT_BYTES } from "../../src/gpu/staging.ts";
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

Deno.test("readback() does not wait for Deno's sleep once a buffer has been read; elsewhere for what it must", async () => {
  const [{ words, tensor }] = tensorsOf(7);
  await readback(gpu.device, [tensor]); // there is one that has been read
  const kind = Object.getPrototypeOf(tensor.storage!.buffer), original = kind.mapAsync;
  let release = () => {};
  const asleep = new Promise<void>((resolve) => release = resolve);
  kind.mapAsync = async function (this: GPUBuffer, ...given: Parameters<GPUBuffer["mapAsync"]>) {
    const mapped = original.apply(this, given);
    await asleep;
    await mapped;
  };
  try {
    const read = readback(gpu.device, [tensor]), turns = new Promise((resolve) => setTimeout(resolve, 100));
    const first = await Promise.race([read.then(() => "read"), turns.then(() => "asleep")]);
    assertEquals(first, gpu.device instanceof GPUDevice ? "read" : "asleep");
    release();
    assertEquals([...new Uint32Array((await read)[0])], [...words]);
  } finally {
    release();
    kind.mapAsync = original;
  }
});

Deno.test("readback() gives what was there at each call, in kept buffers and in larger ones, also at once", async () => {
  const large = KEPT_BYTES / 4 + 3;
  for (let turn = 0; turn < 4; turn++) {
    const given = tensorsOf(3 + turn, large, 5, 9);
    const bits = await Promise.all(given.map(({ tensor }) => readback(gpu.device, [tensor])));
    for (const [i, { words }] of given.entries()) assertEquals(new Uint32Array(bits[i][0]), words);
    for (const { tensor } of given) tensor.storage!.buffer.destroy();
  }
});
