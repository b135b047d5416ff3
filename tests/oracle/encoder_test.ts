import { assert, assertEquals } from "@std/assert";
import { Encoder } from "../../src/inference/encoder.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import { krscToOihw, NetworkLayout } from "../../src/nn/network.ts";
import { addResNet } from "../../src/nn/resnet.ts";
import { resnetSpec } from "../../src/nn/resnet_architecture.ts";
import { channelsLast, goldenJson, goldenTensors } from "./golden.ts";
import { hashedNoise, hashedParameter, SHIFT } from "./hashed_values.ts";
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

Deno.test("a resnet18 at an odd size: PyTorch's embeddings, and the same bits whatever the batch", async () => {
  const networks = goldenTensors("networks"), { arch, px, seed, images: count } = goldenJson("networks").odd;
  const layout = new NetworkLayout(), model: NamedTensors = new Map();
  addResNet(layout, "", resnetSpec(arch));
  for (const { name, shape } of [...layout.parameters.slots, ...layout.statistics.slots]) {
    const own = name.slice(1); // the prefix is empty, its dot is not
    model.set(own, krscToOihw(hashedParameter(seed, own, shape, SHIFT), shape));
  }
  const encoder = new Encoder(pipelines, arch, px, model);
  const drawn = hashedNoise(seed, "odd", [count, 3, px, px]);
  const images = Float32Array.from(channelsLast(drawn.shape, drawn.data).data);
  const rows = await encoder.embed(images);
  const error = normError(rows, networks.get("odd.eval")!.data as Float32Array);
  assert(error <= 1e-5, `embeddings differ by ${error} of their norm`);
  assertEquals(await encoder.embed(images.slice(0, px * px * 3)), rows.slice(0, encoder.dim));
  encoder.destroy();
});
