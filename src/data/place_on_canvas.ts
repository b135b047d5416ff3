import type { RgbImage } from "../domain/image.ts";

interface Size {
  width: number;
  height: number;
}

/** The RGB of an RGBA frame on a black canvas; alpha is dropped, not blended. The frame lies within the canvas. */
export function placeOnCanvas(
  { width, height }: Size,
  frame: Size & { left: number; top: number },
  rgba: Uint8Array | Uint8ClampedArray,
): RgbImage {
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0, from = 0; y < frame.height; y++) {
    let to = 3 * ((frame.top + y) * width + frame.left);
    for (let x = 0; x < frame.width; x++, from += 4, to += 3) {
      pixels[to] = rgba[from];
      pixels[to + 1] = rgba[from + 1];
      pixels[to + 2] = rgba[from + 2];
    }
  }
  return { width, height, pixels };
}
