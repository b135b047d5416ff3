import type { RgbImage } from "../domain/image.ts";

/**
 * Turns an image upright.
 *
 * @param orientation EXIF's, 1 to 8: where the stored rows and columns belong (EXIF 2.32, §4.6.5.1.6). 5 to 8 swap width
 *   and height.
 */
export function orient(image: RgbImage, orientation: number): RgbImage {
  if (orientation === 1) return image;
  const { width: w, height: h, pixels } = image, last = w * h - 1;
  // Where the first pixel comes from, and how far its source moves with each column and row of the result.
  const [origin, byColumn, byRow] = [
    [w - 1, -1, w],
    [last, -1, -w],
    [last - w + 1, 1, -w],
    [0, w, 1],
    [last - w + 1, -w, 1],
    [last, -w, -1],
    [w - 1, w, -1],
  ][orientation - 2];
  const [width, height] = orientation < 5 ? [w, h] : [h, w];
  const turned = new Uint8Array(pixels.length);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = 3 * (origin + y * byRow); x < width; x++, from += 3 * byColumn, to += 3) {
      turned[to] = pixels[from];
      turned[to + 1] = pixels[from + 1];
      turned[to + 2] = pixels[from + 2];
    }
  }
  return { width, height, pixels: turned };
}
