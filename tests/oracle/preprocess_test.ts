import { assertEquals, assertRejects } from "@std/assert";
import { preprocess } from "../../src/data/preprocess.ts";
import type { RgbImage } from "../../src/domain/image.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { Preprocessor, type PreprocessorLimits } from "../../src/inference/preprocess.ts";
import { goldenTensors } from "./golden.ts";
import { pipelines } from "./oracle.ts";

const { device } = pipelines;
const CHANNELS = { channel_mean: [0.485, 0.456, 0.406], channel_std: [0.229, 0.224, 0.225] } satisfies {
  channel_mean: [number, number, number];
  channel_std: [number, number, number];
};

/** Hard edges and full range: bicubic weights overshoot, and bytes are clamped at both ends. */
function picture(width: number, height: number, seed: number): RgbImage {
  const pixels = new Uint8Array(width * height * 3);
  let random = seed; // Knuth's: a camera's image takes millions
  for (let i = 0; i < pixels.length; i++) {
    const checker = ((Math.floor(i / 3) % width) >> 2) + (Math.floor(i / 3 / width) >> 2);
    random = (Math.imul(random, 1664525) + 1013904223) >>> 0;
    pixels[i] = checker % 3 === 0 ? 255 * (i & 1) : random >>> 24;
  }
  return { width, height, pixels };
}

async function onGpu(images: RgbImage[], px: number, limits?: PreprocessorLimits): Promise<Float32Array> {
  const preprocessor = new Preprocessor(pipelines, { px, ...CHANNELS }, limits);
  const x = uploadTensor(device, "x", [images.length, px, px, 3], "f32");
  await preprocessor.write(images, x);
  const values = await readFloats(device, x);
  preprocessor.destroy();
  x.storage.buffer.destroy();
  return values;
}

/** `src/data/preprocess.ts`, itself held to Pillow's bytes, is the truth: not one bit may differ. */
async function check(images: RgbImage[], px: number, limits?: PreprocessorLimits): Promise<void> {
  const actual = await onGpu(images, px, limits), length = px * px * 3;
  for (const [n, image] of images.entries()) {
    const expected = preprocess(image, { px, ...CHANNELS });
    const part = actual.subarray(n * length, (n + 1) * length);
    const differ = part.reduce((count, v, i) => count + Number(v !== expected[i]), 0);
    assertEquals(
      differ,
      0,
      `image ${n}, ${image.width}×${image.height} at ${px} px: ${differ} values differ`,
    );
  }
}
const pictures = (sizes: [number, number][]) => sizes.map(([w, h], seed) => picture(w, h, seed));

// Without a margin; with one. Single pixels, single rows, no scaling, up, down, by an odd ratio, as large as cameras'.
Deno.test("Preprocessor makes what the CPU makes, bit for bit: small squares of images of all sizes at once", () =>
  check(
    pictures([[32, 32], [1, 1], [1, 9], [9, 1], [33, 31], [500, 375], [31, 200], [640, 32], [7, 5]]),
    32,
  ));
Deno.test("Preprocessor makes what the CPU makes, bit for bit: with a margin to cut off", () =>
  check(pictures([[256, 256], [500, 375], [3, 2], [224, 224], [100, 341], [256, 300], [999, 257]]), 224));
Deno.test("Preprocessor makes what the CPU makes, bit for bit: odd squares, one image, a large image", async () => {
  await check(pictures([[61, 43], [47, 47]]), 17);
  await check(pictures([[50, 40]]), 65);
  await check(pictures([[2500, 1900]]), 96);
});
Deno.test("Preprocessor sends up images that do not fit one group in several, and takes what the device cannot bind on the CPU", () =>
  check(
    pictures([[20, 20], [300, 240], [20, 20], [2, 2], [100, 90], [90, 100], [30, 30], [301, 240], [10, 10]]),
    12,
    { groupBytes: 30_000, imageBytes: 100_000 },
  ));

Deno.test("an image's embedding is the same, bit for bit, whatever it is preprocessed with", async () => {
  const px = 32, encoder = new Encoder(pipelines, "cifar_resnet8", px, goldenTensors("embed_model"));
  const preprocessor = new Preprocessor(pipelines, { px, ...CHANNELS });
  const images = pictures([[32, 32], [45, 80], [200, 32], [31, 33], [64, 64], [32, 32], [5, 5], [90, 70], [
    33,
    33,
  ]]);
  const embed = (given: RgbImage[]) =>
    encoder.embedFrom(
      given.length,
      (x, from, count) => preprocessor.write(given.slice(from, from + count), x),
    );
  const together = await embed(images);
  for (const [n, image] of images.entries()) {
    assertEquals(await embed([image]), together.slice(n * encoder.dim, (n + 1) * encoder.dim));
  }
  const values = new Float32Array(images.length * px * px * 3);
  for (const [n, image] of images.entries()) {
    values.set(preprocess(image, { px, ...CHANNELS }), n * px * px * 3);
  }
  assertEquals(await encoder.embed(values), together);
  encoder.destroy();
  preprocessor.destroy();
});

Deno.test("Preprocessor refuses a tensor that does not hold its images, and takes none", async () => {
  const preprocessor = new Preprocessor(pipelines, { px: 8, ...CHANNELS });
  const x = uploadTensor(device, "x", [1, 8, 8, 3], "f32");
  const refused = () => preprocessor.write(pictures([[8, 8], [9, 9]]), x);
  await assertRejects(refused, RangeError, "[2, 8, 8, 3] needed");
  await preprocessor.write([], x);
});
