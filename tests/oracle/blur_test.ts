import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { blurRadius, recordGaussianBlur, writeBlurTaps } from "../../src/training/blur.ts";
import { expectClose, noise, run, summationError, upload, type Values } from "./oracle.ts";
import { gaussianBlur } from "./reference/gaussian_blur.ts";
import { torchCases } from "./torch_cases.ts";

/** The kernel's result; `sigma` 0 is no blur. */
async function blurred(x: Values, sigmas: readonly number[]): Promise<Float64Array> {
  const [, px] = x.shape, radius = blurRadius(px);
  const taps = new Float32Array(sigmas.length * (radius + 1));
  for (const [row, sigma] of sigmas.entries()) {
    writeBlurTaps(sigma, taps.subarray(row * (radius + 1), (row + 1) * (radius + 1)));
  }
  const table = { shape: [sigmas.length, radius + 1], data: Float64Array.from(taps) };
  const images = upload(x); // in place
  const [y] = await run((recorder) => {
    recordGaussianBlur(recorder, images, upload(table));
    return [images];
  });
  return y;
}
/** Two sums of at most 2r + 1 products of values up to `most`, whose weights are rounded once. */
const tolerance = (px: number) => 2 * summationError(2 * blurRadius(px) + 2);

// One neighbour; a tile's width; a kernel of 23; a batch of one; a size that is no multiple of anything.
for (
  const [px, sigmas] of [
    [20, [1]],
    [32, [0.1, 0, 2, 1]],
    [33, [0, 0.7]],
    [224, [2]],
    [61, [0, 0.1, 0.35, 1.99, 0]],
  ] as const
) {
  Deno.test(`gaussian_blur agrees with float64 at ${px} px, deviations ${sigmas}`, async () => {
    const x = noise([sigmas.length, px, px, 3], px), y = await blurred(x, sigmas), length = px * px * 3;
    for (const [i, sigma] of sigmas.entries()) {
      const part = (v: Float64Array) => v.subarray(i * length, (i + 1) * length);
      if (sigma === 0) assertEquals(part(y), part(x.data), "left alone, bit for bit");
      else expectClose(`image ${i}`, part(y), gaussianBlur(part(x.data), px, sigma), tolerance(px));
    }
  });
}
for (const { index, tensors: { x, left }, params: { sigmas } } of torchCases("gaussian_blur")) {
  Deno.test(`gaussian_blur agrees with PyTorch, case ${index}`, async () => {
    const [rows, px] = x.shape, columns = left.shape[2], y = await blurred(x, sigmas);
    const reference = Array.from(sigmas as number[], (sigma, i) => {
      const length = px * px * 3;
      return gaussianBlur(x.data.subarray(i * length, (i + 1) * length), px, sigma);
    });
    for (let line = 0; line < rows * px; line++) {
      const expected = left.data.subarray(line * columns * 3, (line + 1) * columns * 3), at = line * px * 3;
      const image = Math.floor(line / px), inImage = (line % px) * px * 3;
      expectClose(`line ${line}`, y.subarray(at, at + columns * 3), expected, tolerance(px));
      const truth = reference[image].subarray(inImage, inImage + columns * 3);
      expectClose(`the reference's line ${line}`, truth, expected, 1e-9);
    }
  });
}

Deno.test("a blur's taps are the golden ones: kernel lengths by size, weights by deviation", () => {
  const lengths = [32, 64, 96, 128, 160, 224].map((px) => 2 * blurRadius(px) + 1);
  assertEquals(lengths, [3, 7, 9, 13, 17, 23]);
  assertEquals(blurRadius(19), 0);
  const golden: [number, number, number][] = [[1, 0.451863, 0.274069], [2, 0.361664, 0.319168], [0.1, 1, 0]];
  for (const [sigma, centre, neighbour] of golden) {
    const taps = new Float32Array(2);
    writeBlurTaps(sigma, taps);
    assertAlmostEquals(taps[0], centre, 5e-7);
    assertAlmostEquals(taps[1], neighbour, 5e-7);
  }
  for (const radius of [1, 3, 11]) {
    const taps = new Float32Array(radius + 1);
    writeBlurTaps(0, taps);
    assertEquals([...taps], [1, ...new Array(radius).fill(0)]);
    writeBlurTaps(1.7, taps);
    assertAlmostEquals(2 * taps.reduce((a, b) => a + b) - taps[0], 1, 1e-6);
  }
});

Deno.test("a blurred constant darkens at its borders, where zeros come in", async () => {
  const y = await blurred({ shape: [1, 20, 20, 3], data: new Float64Array(1200).fill(1) }, [1]);
  assertAlmostEquals(y[(10 * 20 + 10) * 3], 1, 1e-6);
  assertAlmostEquals(y[10 * 3], 1 - 0.274069, 1e-6);
  assertAlmostEquals(y[0], (1 - 0.274069) ** 2, 1e-6);
  assert(y.every((v) => v > 0.5));
});
