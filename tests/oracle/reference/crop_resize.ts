/** A rectangle of an image in pixels, and what becomes of it. */
export interface CropResize {
  image: { width: number; height: number };
  left: number;
  top: number;
  width: number;
  height: number;
  px: number;
  flip: boolean;
  /**
   * Taps outside the rectangle: `renormalize` drops them and scales the others' weights to a sum of 1, as the
   * official code's resize does (the default); `clamp` repeats the rectangle's edge.
   */
  edge?: "renormalize" | "clamp";
}

/** Keys' cubic with a = −0.5. */
function keys(distance: number): number {
  const d = Math.abs(distance), a = -0.5;
  if (d <= 1) return (a + 2) * d ** 3 - (a + 3) * d ** 2 + 1;
  return d < 2 ? a * (d ** 3 - 5 * d ** 2 + 8 * d - 4) : 0;
}

/** Weight of every source place in [0, length) for output place `at` of `px`, half-pixel centres, no antialiasing. */
function weights(at: number, length: number, px: number, edge: "renormalize" | "clamp"): Float64Array {
  const centre = (at + 0.5) * length / px - 0.5, row = new Float64Array(length);
  for (let tap = Math.floor(centre) - 1; tap <= Math.floor(centre) + 2; tap++) {
    const inside = tap >= 0 && tap < length;
    if (inside || edge === "clamp") row[Math.min(Math.max(tap, 0), length - 1)] += keys(centre - tap);
  }
  const sum = row.reduce((a, b) => a + b);
  return row.map((weight) => weight / sum);
}

/**
 * Cuts out, resizes, flips and clips to [0, 1].
 *
 * @param pixels `[height, width, 3]`, 0 to 255.
 * @returns `[px, px, 3]`.
 */
export function cropResize(
  { image, left, top, width, height, px, flip, edge = "renormalize" }: CropResize,
  pixels: ArrayLike<number>,
): Float64Array {
  const y = new Float64Array(px * px * 3);
  for (let row = 0; row < px; row++) {
    const down = weights(row, height, px, edge);
    for (let column = 0; column < px; column++) {
      const across = weights(flip ? px - 1 - column : column, width, px, edge);
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let h = 0; h < height; h++) {
          for (let w = 0; down[h] !== 0 && w < width; w++) {
            sum += down[h] * across[w] * pixels[((top + h) * image.width + left + w) * 3 + c] / 255;
          }
        }
        y[(row * px + column) * 3 + c] = Math.min(Math.max(sum, 0), 1);
      }
    }
  }
  return y;
}
