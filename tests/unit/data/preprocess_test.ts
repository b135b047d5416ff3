import { assertAlmostEquals, assertEquals } from "@std/assert";
import { cropToSquare, preprocess } from "../../../src/data/preprocess.ts";

/** Each pixel says where it is. */
const coordinates = (width: number, height: number) => ({
  width,
  height,
  pixels: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const p = Math.floor(i / 3);
    return [p % width, Math.floor(p / width), 7][i % 3];
  }),
});

Deno.test("cropToSquare() leaves an image of that size alone", () => {
  const image = coordinates(32, 32);
  assertEquals(cropToSquare(image, 32), image);
});
Deno.test("cropToSquare() takes the centre of what is longer than wide, below 64 px without a margin", () => {
  const { width, height, pixels } = cropToSquare(coordinates(48, 32), 32);
  assertEquals([width, height, pixels[0], pixels[1]], [32, 32, 8, 0]);
  assertEquals([...pixels.slice(-3)], [39, 31, 7]);
});
Deno.test("cropToSquare() resizes the short side to 256/224 of px from 64 px on", () => {
  // 73 = round(64 × 256/224): a 73 px image is only cut.
  const { width, pixels } = cropToSquare(coordinates(73, 73), 64);
  assertEquals([width, pixels[0], pixels[1]], [64, 4, 4]);
  assertEquals(cropToSquare(coordinates(500, 300), 64).width, 64);
});
Deno.test("preprocess() normalises each channel, channels last", () => {
  const image = { width: 8, height: 8, pixels: new Uint8Array(192).map((_, i) => [0, 128, 255][i % 3]) };
  const values = preprocess(image, { px: 8, channel_mean: [0.1, 0.5, 0.9], channel_std: [0.2, 0.25, 0.5] });
  assertEquals(values.length, 192);
  for (const [i, v] of values.entries()) {
    assertAlmostEquals(v, [-0.5, (128 / 255 - 0.5) / 0.25, 0.2][i % 3], 1e-6);
  }
});
