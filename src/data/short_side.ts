import type { RgbImage } from "../domain/image.ts";
import type { DecodedImage } from "../domain/ports.ts";
import { resizeBicubic } from "./resize.ts";

/**
 * Shrinks an image until its shorter side is `shortSide`, by antialiased bicubic interpolation, and its shape is as it
 * was to the nearest pixel. One that is no larger, or any where there is no cap, is left as it is.
 */
export function capShortSide(image: RgbImage, shortSide?: number): DecodedImage {
  const { width, height } = image, short = Math.min(width, height);
  if (shortSide === undefined || short <= shortSide) return image;
  const to = (side: number) => side === short ? shortSide : Math.round(side * shortSide / short);
  return { ...resizeBicubic(image, to(width), to(height)), shrunk: true };
}
