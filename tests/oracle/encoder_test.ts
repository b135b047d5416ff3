import { assert, assertEquals } from "@std/assert";
import { Encoder } from "../../src/inference/encoder.ts";
import { channelsLast, goldenTensors } from "./golden.ts";
import { normError, pipelines } from "./oracle.ts";

const model = goldenTensors("embed_model"), golden = goldenTensors("embed");
const { shape, data } = golden.get("images")!;
const images = Float32Array.from(channelsLast(shape, Float64Array.from(data as Float32Array)).data);
const [count, , px] = shape;

Deno.test("an encoder's embeddings are PyTorch's", async () => {
  const encoder = new Encoder(pipelines, "cifar_resnet8", px, model);
  const actual = await encoder.embed(images), expected = golden.get("embeddings")!.data as Float32Array;
  for (let i = 0; i < count; i++) {
    const row = (v: Float32Array) => v.subarray(i * encoder.dim, (i + 1) * encoder.dim);
    const error = normError(row(actual), row(expected));
    assert(error <= 1e-5, `embedding ${i} differs by ${error} of its norm`);
  }
  encoder.destroy();
});

Deno.test("an image's embedding is the same, bit for bit, whatever its batch", async () => {
  const encoder = new Encoder(pipelines, "cifar_resnet8", px, model), length = px * px * 3;
  const one = await encoder.embed(images.slice(0, length));
  for (const copies of [2, 9, 33, 130]) {
    const batch = new Float32Array(copies * length);
    for (let i = 0; i < copies; i++) {
      batch.set(images.subarray((i % count) * length, (i % count + 1) * length), i * length);
    }
    const rows = await encoder.embed(batch);
    const last = copies - 1 - ((copies - 1) % count); // the last copy of the first image
    assertEquals(rows.slice(0, encoder.dim), one);
    assertEquals(rows.slice(last * encoder.dim, (last + 1) * encoder.dim), one);
  }
  assertEquals((await encoder.embed(new Float32Array())).length, 0);
  encoder.destroy();
});
