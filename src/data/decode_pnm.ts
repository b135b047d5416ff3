import type { RgbImage } from "../domain/image.ts";

/** Samples of a pixel: black and white, gray, RGB. */
const CHANNELS: Record<string, number | undefined> = { P4: 1, P5: 1, P6: 3 };
/** Comments may be of any length; a header is not looked for without end. */
const HEADER_BYTES = 4096;

/**
 * A PNM's header: kind, width, height and, but for P4, the largest value a sample has; parted by white space, in which
 * `#` begins a comment. One white space stands before the pixels.
 *
 * Source: https://netpbm.sourceforge.net/doc/ppm.html, pgm.html and pbm.html.
 *
 * @throws {Error} If it is no binary PNM, or breaks off.
 */
export function readPnmHeader(bytes: Uint8Array) {
  const text = String.fromCharCode(...bytes.subarray(0, HEADER_BYTES));
  const number = "(?:[ \\t-\\r]|#[^\\r\\n]*[\\r\\n])+(\\d{1,9})", isBits = text[1] === "4";
  const match = new RegExp(`^(P[456])${number.repeat(isBits ? 2 : 3)}[ \\t-\\r]`).exec(text);
  if (!match) throw new Error("its header is not read");
  const [width, height, max = 1] = match.slice(2).map(Number);
  if (max < 1 || max > 65_535) throw new Error(`a largest value of ${max} is not read`);
  return { width, height, max, isBits, channels: CHANNELS[match[1]]!, pixels: match[0].length };
}

/**
 * Decodes a binary PBM, PGM or PPM (P4, P5, P6) of 8 or 16 bits to RGB; of several images the first.
 *
 * @throws {Error} If it is damaged.
 */
export function decodePnm(bytes: Uint8Array): RgbImage {
  const { width, height, max, isBits, channels, pixels: start } = readPnmHeader(bytes);
  const wide = max > 255 ? 2 : 1, rowBytes = isBits ? Math.ceil(width / 8) : width * channels * wide;
  if (start + rowBytes * height > bytes.length) throw new Error("its pixels break off");
  const pixels = new Uint8Array(3 * width * height);
  // As Pillow does, a value past the largest is taken for it.
  const level = (value: number) => Math.min(255, Math.round(value * 255 / max));
  for (let y = 0, to = 0; y < height; y++) {
    const row = start + rowBytes * y;
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++, to++) {
        const at = row + (channels * x + (channels > 1 ? c : 0)) * wide;
        pixels[to] = isBits
          ? (bytes[row + (x >> 3)] >> (7 - (x & 7))) & 1 ? 0 : 255
          : level(wide === 2 ? bytes[at] << 8 | bytes[at + 1] : bytes[at]);
      }
    }
  }
  return { width, height, pixels };
}
