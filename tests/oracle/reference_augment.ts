/** Float64 references of the augmentation, written from byol.md §A7's definitions and independent of the kernels. */

export interface Rgb64 {
  width: number;
  height: number;
  /** [height, width, 3]. */
  data: Float64Array;
}

/** Keys' cubic kernel with a = −0.5. */
function keys(distance: number): number {
  const d = Math.abs(distance);
  if (d <= 1) return 1.5 * d ** 3 - 2.5 * d ** 2 + 1;
  if (d < 2) return -0.5 * d ** 3 + 2.5 * d ** 2 - 4 * d + 2;
  return 0;
}

/** Weights over 0 … extent − 1 of the output sample `at` of `size`: half-pixel centres, outside taps dropped. */
function weights(at: number, size: number, extent: number): Float64Array {
  const centre = ((at + 0.5) * extent) / size - 0.5;
  const w = Float64Array.from({ length: extent }, (_, i) => keys(i - centre));
  const sum = w.reduce((a, b) => a + b, 0);
  return w.map((v) => v / sum);
}

/** Cuts the rectangle out, resizes it to px × px, flips it, clips to [0, 1]. `image` holds values in [0, 1]. */
export function cropResize64(
  image: Rgb64,
  crop: { left: number; top: number; width: number; height: number; flip: boolean },
  px: number,
): Rgb64 {
  const data = new Float64Array(px * px * 3);
  for (let y = 0; y < px; y++) {
    const down = weights(y, px, crop.height);
    for (let x = 0; x < px; x++) {
      const across = weights(x, px, crop.width), to = (y * px + (crop.flip ? px - 1 - x : x)) * 3;
      for (let c = 0; c < 3; c++) {
        let sum = 0;
        for (let r = 0; r < crop.height; r++) {
          for (let s = 0; s < crop.width; s++) {
            sum += down[r] * across[s] * image.data[((crop.top + r) * image.width + crop.left + s) * 3 + c];
          }
        }
        data[to + c] = clip(sum);
      }
    }
  }
  return { width: px, height: px, data };
}

const clip = (v: number): number => Math.min(1, Math.max(0, v));

/** HSV by the textbook's hexcone, through hue in degrees. */
function rgbToHsv(r: number, g: number, b: number): [number, number, number] {
  const high = Math.max(r, g, b), range = high - Math.min(r, g, b);
  if (range === 0) return [0, 0, high];
  const degrees = high === r
    ? 60 * ((g - b) / range)
    : high === g
    ? 60 * ((b - r) / range) + 120
    : 60 * ((r - g) / range) + 240;
  return [(degrees + 360) % 360, range / high, high];
}
function hsvToRgb(degrees: number, s: number, v: number): [number, number, number] {
  const chroma = v * s, sector = (((degrees % 360) + 360) % 360) / 60;
  const x = chroma * (1 - Math.abs((sector % 2) - 1)), m = v - chroma;
  const [r, g, b] = [[chroma, x, 0], [x, chroma, 0], [0, chroma, x], [0, x, chroma], [x, 0, chroma], [
    chroma,
    0,
    x,
  ]][Math.floor(sector)];
  return [r + m, g + m, b + m];
}

export interface Color64 {
  jitter: boolean;
  order: ArrayLike<number>;
  brightness: number;
  contrast: number;
  saturation: number;
  hue: number;
  grayscale: boolean;
  solarize: boolean;
}

/** Jitter in its order with a clip after each operation, grayscale, solarise, clip, normalise. */
export function colorAugment64(
  image: Rgb64,
  color: Color64,
  mean: readonly number[],
  std: readonly number[],
): Rgb64 {
  const data = image.data.slice(), pixels = data.length / 3;
  const eachPixel = (change: (r: number, g: number, b: number) => readonly number[]) => {
    for (let p = 0; p < pixels; p++) {
      data.set(change(data[3 * p], data[3 * p + 1], data[3 * p + 2]).map(clip), 3 * p);
    }
  };
  const operations = [
    () => eachPixel((r, g, b) => [r + color.brightness, g + color.brightness, b + color.brightness]),
    () => {
      const means = [0, 0, 0];
      for (const [i, v] of data.entries()) means[i % 3] += v / pixels;
      eachPixel((...rgb) => rgb.map((v, c) => (v - means[c]) * color.contrast + means[c]));
    },
    () =>
      eachPixel((r, g, b) => {
        const [h, s, v] = rgbToHsv(r, g, b);
        return hsvToRgb(h, clip(s * color.saturation), v);
      }),
    () =>
      eachPixel((r, g, b) => {
        const [h, s, v] = rgbToHsv(r, g, b);
        return hsvToRgb(h + 360 * color.hue, s, v);
      }),
  ];
  if (color.jitter) { for (const k of Array.from(color.order)) operations[k](); }
  if (color.grayscale) eachPixel((r, g, b) => Array(3).fill(0.2989 * r + 0.587 * g + 0.114 * b));
  if (color.solarize) eachPixel((...rgb) => rgb.map((v) => (v >= 0.5 ? 1 - v : v)));
  return { ...image, data: data.map((v, i) => (clip(v) - mean[i % 3]) / std[i % 3]) };
}
