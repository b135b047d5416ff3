import type { RgbImage } from "../domain/image.ts";

/** Pixels a side that a thumbnail's pixel is the mean of, at most: of large images some that are spread evenly. */
const SAMPLES = 4;

/**
 * Draws an image's middle square, shrunk or enlarged.
 *
 * @param target RGBA, `width` pixels a row; the thumbnail's upper left corner is at `left`, `top`.
 */
export function drawThumbnail(
  image: RgbImage,
  px: number,
  target: Uint8ClampedArray,
  { width, left, top }: { width: number; left: number; top: number },
): void {
  const side = Math.min(image.width, image.height), { pixels } = image;
  const x0 = (image.width - side) >> 1, y0 = (image.height - side) >> 1;
  const samples = Math.max(1, Math.min(SAMPLES, Math.round(side / px))), count = samples * samples;
  /** Where in the image the samples of each of the thumbnail's columns, or rows, are. */
  const places = Int32Array.from(
    { length: px * samples },
    (_, i) => Math.min(side - 1, Math.floor((i + 0.5) * side / (px * samples))),
  );
  for (let y = 0; y < px; y++) {
    for (let x = 0; x < px; x++) {
      let r = 0, g = 0, b = 0;
      for (let v = 0; v < samples; v++) {
        const row = (y0 + places[y * samples + v]) * image.width + x0;
        for (let u = 0; u < samples; u++) {
          const at = 3 * (row + places[x * samples + u]);
          r += pixels[at];
          g += pixels[at + 1];
          b += pixels[at + 2];
        }
      }
      const to = 4 * ((top + y) * width + left + x);
      target[to] = r / count;
      target[to + 1] = g / count;
      target[to + 2] = b / count;
      target[to + 3] = 255;
    }
  }
}
