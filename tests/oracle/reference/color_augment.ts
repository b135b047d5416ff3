/** What an image's colours go through; the operations of `order`: 0 brightness, 1 contrast, 2 saturation, 3 hue. */
export interface ColorDraw {
  jitter: boolean;
  order: ArrayLike<number>;
  /** Added. */
  brightness: number;
  /** A factor about each channel's mean over the image as it is then. */
  contrast: number;
  /** A factor of HSV's S. */
  saturation: number;
  /** Added to HSV's H, in turns. */
  hue: number;
  grayscale: boolean;
  solarize: boolean;
}
export interface Channels {
  mean: readonly number[];
  std: readonly number[];
}

const clip = (v: number): number => Math.min(Math.max(v, 0), 1);

/**
 * Colour jitter (each operation clipped to [0, 1]), grayscale, `between`, solarisation, clipping and normalisation.
 *
 * @param x `[pixels, 3]`, one image, in [0, 1].
 * @param between What happens to the image between grayscale and solarisation: a blur, say.
 * @returns Of x's shape.
 */
export function colorAugment(
  draw: ColorDraw,
  x: Float64Array,
  channels: Channels,
  between = (y: Float64Array) => y,
): Float64Array {
  let y: Float64Array = x.slice();
  for (let k = 0; draw.jitter && k < 4; k++) y = jitter(draw.order[k], draw, y).map(clip);
  if (draw.grayscale) {
    y = eachPixel(y, (r, g, b) => new Array(3).fill(0.2989 * r + 0.5870 * g + 0.1140 * b));
  }
  y = between(y);
  if (draw.solarize) y = y.map((v) => v >= 0.5 ? 1 - v : v);
  return y.map((v, i) => (clip(v) - channels.mean[i % 3]) / channels.std[i % 3]);
}

function jitter(operation: number, draw: ColorDraw, x: Float64Array): Float64Array {
  if (operation === 0) return x.map((v) => v + draw.brightness);
  if (operation === 1) {
    const means = [0, 0, 0];
    for (let i = 0; i < x.length; i++) means[i % 3] += x[i] / (x.length / 3);
    return x.map((v, i) => (v - means[i % 3]) * draw.contrast + means[i % 3]);
  }
  return eachPixel(x, (r, g, b) => {
    const [h, s, v] = rgbToHsv(r, g, b);
    return operation === 2 ? hsvToRgb(h, clip(s * draw.saturation), v) : hsvToRgb(h + draw.hue, s, v);
  });
}

function eachPixel(x: Float64Array, map: (r: number, g: number, b: number) => number[]): Float64Array {
  const y = new Float64Array(x.length);
  for (let i = 0; i < x.length; i += 3) y.set(map(x[i], x[i + 1], x[i + 2]), i);
  return y;
}

/** Hue in turns, saturation, value (Smith 1978). */
function rgbToHsv(r: number, g: number, b: number): [number, number, number] {
  const value = Math.max(r, g, b), range = value - Math.min(r, g, b);
  if (range === 0) return [0, 0, value];
  const sixths = value === r ? (g - b) / range : value === g ? 2 + (b - r) / range : 4 + (r - g) / range;
  return [sixths / 6 - Math.floor(sixths / 6), range / value, value];
}

function hsvToRgb(hue: number, s: number, v: number): number[] {
  const sixths = (hue - Math.floor(hue)) * 6, sector = Math.floor(sixths), f = sixths - sector;
  const p = v * (1 - s), q = v * (1 - s * f), t = v * (1 - s * (1 - f));
  return [[v, t, p], [q, v, p], [p, v, t], [p, q, v], [t, p, v], [v, p, q]][sector % 6];
}
