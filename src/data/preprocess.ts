import type { Preprocessing } from "../domain/checkpoint.ts";
import type { RgbImage } from "../domain/image.ts";
import { resizeBicubic } from "./resize.ts";

/** From this size on a margin is resized along and cut off: 256 pixels for 224 (byol.md §B1). */
const MARGIN_FROM_PX = 64, MARGIN = 256 / 224;

/**
 * The 8-bit square that an encoder sees: short side to `px` × 256/224 (below 64 px: to `px`), bicubic, then the centre.
 *
 * @returns `px` × `px` pixels.
 */
export function cropToSquare(image: RgbImage, px: number): RgbImage {
  const short = px < MARGIN_FROM_PX ? px : Math.round(px * MARGIN),
    scale = short / Math.min(image.width, image.height);
  const width = Math.max(short, Math.round(image.width * scale));
  const height = Math.max(short, Math.round(image.height * scale));
  const resized = width === image.width && height === image.height
    ? image
    : resizeBicubic(image, width, height);
  if (width === px && height === px) return resized;
  const left = (width - px) >> 1, top = (height - px) >> 1, pixels = new Uint8Array(px * px * 3);
  for (let y = 0; y < px; y++) {
    const from = ((top + y) * width + left) * 3;
    pixels.set(resized.pixels.subarray(from, from + px * 3), y * px * 3);
  }
  return { width: px, height: px, pixels };
}

/** An encoder's input: `[px, px, 3]` f32, row-major, `(v / 255 − mean) / std` of each channel. */
export function preprocess(image: RgbImage, { px, channel_mean, channel_std }: Preprocessing): Float32Array {
  const { pixels } = cropToSquare(image, px);
  return Float32Array.from(pixels, (v, i) => (v / 255 - channel_mean[i % 3]) / channel_std[i % 3]);
}
