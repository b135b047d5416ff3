import type { RgbImage } from "../domain/image.ts";

/** Bits of the fixed-point weights: 8-bit samples times a weight sum to at most 32 bits with two to spare for overshoot. */
const PRECISION_BITS = 32 - 8 - 2;
const SUPPORT = 2;

/** Keys' cubic with a = −0.5. */
function cubic(x: number): number {
  const d = Math.abs(x);
  if (d < 1) return (1.5 * d - 2.5) * d * d + 1;
  if (d < 2) return ((-0.5 * d + 2.5) * d - 4) * d + 2;
  return 0;
}

/** For each output sample: its first input sample, and fixed-point weights (of a sum of about 2²²) from there on. */
export interface ResizeTaps {
  first: Int32Array;
  weights: Int32Array[];
}

/**
 * The taps by which Pillow's bicubic resize makes `size` samples out of `length` ones from `from` on, of `extent` in all.
 * The kernel is widened by the scale where an image shrinks: that is the antialiasing.
 *
 * @param outputs The samples whose taps are wanted; all by default.
 */
export function resizeTaps(
  from: number,
  length: number,
  extent: number,
  size: number,
  outputs = { from: 0, count: size },
): ResizeTaps {
  const scale = length / size, widened = Math.max(scale, 1), support = SUPPORT * widened;
  const first = new Int32Array(outputs.count), weights: Int32Array[] = [];
  for (let i = 0; i < outputs.count; i++) {
    const centre = from + (outputs.from + i + 0.5) * scale;
    // Truncation toward zero, as Pillow's cast to int: the limits are clipped to the image anyway.
    const low = Math.max(0, Math.trunc(centre - support + 0.5));
    const high = Math.min(extent, Math.trunc(centre + support + 0.5));
    const raw = Float64Array.from(
      { length: high - low },
      (_, k) => cubic((low + k - centre + 0.5) / widened),
    );
    const sum = raw.reduce((a, b) => a + b, 0);
    first[i] = low;
    weights.push(Int32Array.from(raw, (w) => {
      const fixed = (w / sum) * 2 ** PRECISION_BITS;
      return Math.trunc(fixed + (fixed < 0 ? -0.5 : 0.5));
    }));
  }
  return { first, weights };
}

const toByte = (fixed: number): number => Math.min(255, Math.max(0, fixed >> PRECISION_BITS));

/**
 * Resizes with antialiased bicubic interpolation, byte for byte as Pillow's `resize((width, height), BICUBIC, box)`
 * does on RGB: columns first, rounded to 8 bits, then rows.
 *
 * @param box Part of the image to take, in pixels; all of it by default.
 * @throws {RangeError} If a size is not a positive integer.
 */
export function resizeBicubic(
  image: RgbImage,
  width: number,
  height: number,
  box = { x: 0, y: 0, width: image.width, height: image.height },
): RgbImage {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0)) {
    throw new RangeError(`Cannot resize an image: sizes must be positive integers, got ${width}×${height}`);
  }
  const across = resizeTaps(box.x, box.width, image.width, width);
  const down = resizeTaps(box.y, box.height, image.height, height);
  const half = 1 << (PRECISION_BITS - 1);

  const rows = new Uint8Array(width * image.height * 3);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const weights = across.weights[x];
      let at = (y * image.width + across.first[x]) * 3, r = half, g = half, b = half;
      for (const w of weights) {
        r += image.pixels[at] * w;
        g += image.pixels[at + 1] * w;
        b += image.pixels[at + 2] * w;
        at += 3;
      }
      const to = (y * width + x) * 3;
      rows[to] = toByte(r);
      rows[to + 1] = toByte(g);
      rows[to + 2] = toByte(b);
    }
  }

  const pixels = new Uint8Array(width * height * 3), stride = width * 3;
  for (let y = 0; y < height; y++) {
    const weights = down.weights[y], from = down.first[y] * stride;
    for (let i = 0; i < stride; i++) {
      let sum = half;
      for (let k = 0; k < weights.length; k++) sum += rows[from + k * stride + i] * weights[k];
      pixels[y * stride + i] = toByte(sum);
    }
  }
  return { width, height, pixels };
}
