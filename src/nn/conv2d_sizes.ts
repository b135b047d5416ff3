import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";

export interface Conv2dOptions {
  stride: number;
  /** Zeros added on every side. */
  padding: number;
}
/** What backward needs of forward: nothing but the input and the weight themselves. */
export interface Conv2dSaved {
  x: Tensor;
  /** `x` with zero channels added up to whole vectors of four, which the kernels want. */
  vectors: Tensor;
  weight: Tensor;
  options: Conv2dOptions;
}

/**
 * The sizes of a convolution.
 *
 * @param x `[N, H, W, C]`. @param weight `[K, R, S, C]`.
 * @throws {RangeError} If ranks or channels disagree, or the filter exceeds the padded input.
 */
export function conv2dSizes(x: Tensor, weight: Tensor, { stride, padding }: Conv2dOptions) {
  const [N, H, W, C] = x.shape, [K, R, S, weightC] = weight.shape;
  if (x.shape.length !== 4 || weight.shape.length !== 4 || C !== weightC) {
    throw new RangeError(
      `Cannot convolve ${x.label} with ${weight.label}: shapes must be [N, H, W, C] and [K, R, S, C], ` +
        `got [${x.shape}] and [${weight.shape}]`,
    );
  }
  const P = Math.floor((H + 2 * padding - R) / stride) + 1,
    Q = Math.floor((W + 2 * padding - S) / stride) + 1;
  if (P < 1 || Q < 1) {
    throw new RangeError(
      `Cannot convolve ${x.label}: a ${R}×${S} filter exceeds its ${H}×${W} pixels and padding ${padding}`,
    );
  }
  return { N, H, W, C, K, R, S, P, Q };
}

/** Whether the kernels that hand values round a subgroup of eight may be used. They make the same bits, faster. */
export const inSubgroupsOf8 = (recorder: Recorder): boolean => recorder.capabilities.subgroupSize === 8;

/** Invocations of the tiled kernels' workgroups, each of which makes 8 × 8 results; the first that fits is taken untuned. */
export const TILES = [
  { WG_M: 16, WG_N: 8 },
  { WG_M: 16, WG_N: 16 },
  { WG_M: 8, WG_N: 16 },
  { WG_M: 8, WG_N: 8 },
  { WG_M: 32, WG_N: 8 },
] as const;

/**
 * The tiles that the device has room for. WebGPU's default limits have room for the first of all.
 *
 * @param vectors What a tile's workgroup holds in its memory, in vec4f.
 */
export function fittingTiles(
  { capabilities: { maxWorkgroupBytes = 16_384, maxWorkgroupInvocations = 256 } }: Recorder,
  vectors: (tile: typeof TILES[number]) => number,
): typeof TILES[number][] {
  return TILES.filter((tile) =>
    16 * vectors(tile) <= maxWorkgroupBytes && tile.WG_M * tile.WG_N <= maxWorkgroupInvocations
  );
}

/**
 * Products of a result, taps times channels, at most: Mesa 22's CPU driver ends an invocation's loops, without a word, once they
 * have gone round 65,535 times in all. Of the kernels, those for subgroups of eight go round the most often for a product, at
 * four channels and one tap a row: six times for four (measured: 43,692 are right there, of a 1×1 filter 262,140; of the tiled
 * kernel's 95,312 and 149,780). The largest of the networks here are 18,432.
 */
const MAX_PRODUCTS = 40_960;

/** @throws {RangeError} If a result of a convolution of `x` is the sum of more products than a driver's loop goes through. */
export function expectProducts(x: Tensor, taps: number, channels: number): void {
  if (taps * channels <= MAX_PRODUCTS) return;
  throw new RangeError(
    `Cannot convolve ${x.label}: at most ${MAX_PRODUCTS} products a result, got ${taps} taps of ${channels} channels`,
  );
}

/** Sizes are alike for tuning where they round up to the same power of two. */
export const powerOfTwo = (size: number): string => `2^${Math.ceil(Math.log2(size))}`;

/** Output channels that stand together in packed weights. */
export const PANEL = 16;

/** Channels, or columns of a weight gradient, of one dispatch: as many as every kernel's grid takes, and whole tiles of each. */
export const SLICE_CHANNELS = 65_520 * 16, SLICE_COLUMNS = 65_472 * 32;

/** `extent` cut into stretches of `most` at most: one dispatch for each, since a third fold would cost each workgroup a division. */
export function* slices(extent: number, most: number): Generator<{ first: number; count: number }> {
  for (let first = 0; first < extent; first += most) {
    yield { first, count: Math.min(most, extent - first) };
  }
}
