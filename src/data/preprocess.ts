import type { Preprocessing } from "../domain/checkpoint.ts";
import type { RgbImage } from "../domain/image.ts";
import { resizeBicubic } from "./resize.ts";

/** From this size on a margin is resized along and cut off: 256 pixels for 224 (byol.md §B1). */
const MARGIN_FROM_PX = 64, MARGIN = 256 / 224;

/** An image resized whole, and where in it the square that an encoder sees stands. */
export interface SquareGeometry {
  width: number;
  height: number;
  left: number;
  top: number;
}

/** What an image's shorter side is resized to. */
export const shortSideFor = (px: number): number => px < MARGIN_FROM_PX ? px : Math.round(px * MARGIN);

/** Short side to `px` × 256/224 (below 64 px: to `px`), then the centre. */
export function squareGeometry(image: { width: number; height: number }, px: number): SquareGeometry {
  const short = shortSideFor(px), scale = short / Math.min(image.width, image.height);
  const width = Math.max(short, Math.round(image.width * scale));
  const height = Math.max(short, Math.round(image.height * scale));
  return { width, height, left: (width - px) >> 1, top: (height - px) >> 1 };
}

/** The 8-bit square that an encoder sees: bicubic, `px` × `px` pixels. */
export function cropToSquare(image: RgbImage, px: number): RgbImage {
  const { width, height, left, top } = squareGeometry(image, px);
  const resized = width === image.width && height === image.height
    ? image
    : resizeBicubic(image, width, height);
  if (width === px && height === px) return resized;
  const pixels = new Uint8Array(px * px * 3);
  for (let y = 0; y < px; y++) {
    const from = ((top + y) * width + left) * 3;
    pixels.set(resized.pixels.subarray(from, from + px * 3), y * px * 3);
  }
  return { width: px, height: px, pixels };
}

/** What each 8-bit value becomes: `[256, 3]` f32, `(v / 255 − mean) / std` of each channel. */
export function normalizedLevels(
  { channel_mean, channel_std }: Pick<Preprocessing, "channel_mean" | "channel_std">,
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: 256 * 3 },
    (_, i) => (Math.floor(i / 3) / 255 - channel_mean[i % 3]) / channel_std[i % 3],
  );
}

/** An encoder's input: `[px, px, 3]` f32, row-major, normalised. */
export function preprocess(image: RgbImage, preprocessing: Preprocessing): Float32Array {
  const { pixels } = cropToSquare(image, preprocessing.px), levels = normalizedLevels(preprocessing);
  return Float32Array.from(pixels, (v, i) => levels[v * 3 + i % 3]);
}
