/**
 * Inks to light by the plain formula, `R = (255 − C)(255 − K) / 255` rounded, as Pillow has it: no profile is looked at.
 *
 * @param inks `[pixels, 4]` CMYK, 0 without ink.
 * @returns `[pixels, 3]`.
 */
export function cmykToRgb(inks: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((inks.length >> 2) * 3);
  for (let from = 0, to = 0; to < rgb.length; from += 4) {
    const light = 255 - inks[from + 3];
    for (let c = 0; c < 3; c++) rgb[to++] = Math.round((255 - inks[from + c]) * light / 255);
  }
  return rgb;
}
