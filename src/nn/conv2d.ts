import packWeight from "../../kernels/pack_weight.wgsl" with { type: "text" };
import tiled from "../../kernels/conv2d_tiled.wgsl" with { type: "text" };
import subgroup8 from "../../kernels/conv2d_subgroup8.wgsl" with { type: "text" };
import subgroup8Wide from "../../kernels/conv2d_subgroup8_wide.wgsl" with { type: "text" };
import subgroup8Short from "../../kernels/conv2d_subgroup8_short.wgsl" with { type: "text" };
import geometry from "../../kernels/lib/conv2d_geometry.wgsl" with { type: "text" };
import pixel from "../../kernels/lib/conv2d_pixel.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { recordConv2dWeightGradient } from "./conv2d_weight_gradient.ts";
import {
  type Conv2dOptions,
  type Conv2dSaved,
  conv2dSizes,
  expectProducts,
  fittingTiles,
  inSubgroupsOf8,
  powerOfTwo,
  SLICE_CHANNELS,
  slices,
} from "./conv2d_sizes.ts";
import type { PartialStatistics } from "./batch_norm.ts";
import { CHUNK_ROWS, matrixWays } from "./conv2d_matrix.ts";
import { MATRIX_CHANNELS } from "./matrix_tiles.ts";
import { recordPadChannels } from "./pad_channels.ts";

/** Output channels that stand together in packed weights. */
const PANEL = 16;

const GEOMETRY = { name: "conv2d_geometry", source: geometry };
const IN_SUBGROUPS_LIB = [GEOMETRY, { name: "conv2d_pixel", source: pixel }];

/**
 * Records `y = conv2d(x, weight)`: cross-correlation, zero padding, no bias.
 *
 * @param x `[N, H, W, C]`, f32 or f16.
 * @param weight `[K, R, S, C]`, f32.
 * @param groups If given, a BatchNorm follows that takes its statistics in so many parts of the batch.
 * @returns `y`, `[N, P, Q, K]` of x's type with `P = floor((H + 2·padding − R) / stride) + 1`, overwritten on every replay; and
 *   what that BatchNorm wants of it, where the device can make it along with the products.
 * @throws {RangeError} If ranks or channels disagree, the filter exceeds the padded input, or R · S · C (filled up to a multiple
 *   of four) exceeds 40,960.
 */
export function recordConv2d(
  recorder: Recorder,
  label: string,
  x: Tensor,
  weight: Tensor,
  options: Conv2dOptions,
  groups?: number,
): { y: Tensor; saved: Conv2dSaved; statistics?: PartialStatistics } {
  const { N, H, W, K, R, S, P, Q } = conv2dSizes(x, weight, options);
  const vectors = withWholeVectors(recorder, `${label}.x`, x);
  const y = recorder.alloc(`${label}.y`, [N, P, Q, wholeVectors(recorder, x, K)], x.dtype);
  const taps = { TAPS_R: R, TAPS_S: S, R_FIRST: 0, S_FIRST: 0, STEP: 1 };
  const packed = recorder.ofParameters(
    `${label}.packed`,
    (recorder) => recordPackedWeight(recorder, label, weight, vectors, taps, false),
  );
  const sizes = {
    ...{ N, X_H: H, X_W: W, C: vectors.shape[3], Y_H: P, Y_W: Q, K: y.shape[3], I_COUNT: P, J_COUNT: Q },
    ...{
      TAPS_R: R,
      TAPS_S: S,
      X_STEP: options.stride,
      X_DIR: 1,
      X_TOP: -options.padding,
      X_LEFT: -options.padding,
    },
    ...{ Y_STEP: 1, Y_TOP: 0, Y_LEFT: 0 },
  };
  const saved = { x, vectors, weight, options };
  const statistics = groups === undefined || y.shape[3] !== K
    ? undefined
    : recordWithStatistics(recorder, label, vectors, packed, y, sizes, groups);
  if (!statistics) recordPixels(recorder, vectors, packed, y, sizes);
  return { y: recordPadChannels(recorder, label, y, K), saved, statistics };
}

/**
 * Records the gradients of `recordConv2d`.
 *
 * @param dy `[N, P, Q, K]`, of x's type.
 * @param dWeight `[K, R, S, C]`, f32; accumulated into.
 * @returns `dx`, `[N, H, W, C]`, overwritten; undefined if `needsInput` is false (a network's first layer).
 * @throws {RangeError} If shapes disagree, or a result of dx is the sum of more than 40,960 products.
 */
export function recordConv2dBackward(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
  dWeight: Tensor,
  needsInput = true,
): Tensor | undefined {
  const { x, weight, options } = saved;
  const { N, P, Q, K } = conv2dSizes(x, weight, options);
  expectShape(dy, [N, P, Q, K], "a convolution's output gradient");
  expectShape(dWeight, weight.shape, "a convolution's weight gradient");
  const vectors = withWholeVectors(recorder, `${label}.dy`, dy);
  recordConv2dWeightGradient(recorder, label, saved, vectors, dWeight);
  return needsInput ? recordConv2dInputGradient(recorder, label, saved, vectors) : undefined;
}

/**
 * The half of `recordConv2dBackward` that makes `dx`. One dispatch for each parity of an input pixel: every one is a
 * dense convolution of `dy` with every stride-th tap.
 *
 * @param dy As `recordConv2dBackward`'s, channels filled up to whole vectors of four.
 */
export function recordConv2dInputGradient(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
): Tensor {
  const { N, H, W, C, R, S, P, Q } = conv2dSizes(saved.x, saved.weight, saved.options);
  const { stride, padding } = saved.options;
  const dx = recorder.alloc(`${label}.dx`, [N, H, W, wholeVectors(recorder, dy, C)], dy.dtype);
  const axis = (parity: number, extent: number, taps: number) => {
    const first = (parity + padding) % stride; // the first tap that meets this parity
    return {
      count: Math.ceil((extent - parity) / stride),
      first,
      taps: Math.max(0, Math.ceil((taps - first) / stride)),
      origin: (parity + padding - first) / stride,
    };
  };
  for (let top = 0; top < Math.min(stride, H); top++) {
    for (let left = 0; left < Math.min(stride, W); left++) {
      const row = axis(top, H, R), column = axis(left, W, S);
      const taps = {
        ...{ TAPS_R: row.taps, TAPS_S: column.taps, R_FIRST: row.first, S_FIRST: column.first, STEP: stride },
      };
      // A parity that no tap meets gets its zeros all the same; something must stand for its weights.
      const packed = row.taps * column.taps === 0
        ? dy
        : recordPackedWeight(recorder, `${label}.${top}${left}`, saved.weight, dy, taps, true);
      recordPixels(recorder, dy, packed, dx, {
        ...{ N, X_H: P, X_W: Q, C: dy.shape[3], Y_H: H, Y_W: W, K: dx.shape[3] },
        ...{ I_COUNT: row.count, J_COUNT: column.count, TAPS_R: row.taps, TAPS_S: column.taps },
        ...{ X_STEP: 1, X_DIR: -1, X_TOP: row.origin, X_LEFT: column.origin },
        ...{ Y_STEP: stride, Y_TOP: top, Y_LEFT: left },
      });
    }
  }
  return recordPadChannels(recorder, `${label}.dx`, dx, C);
}

/** Taps of a filter: every STEP-th from the first, in each direction. */
interface Taps {
  TAPS_R: number;
  TAPS_S: number;
  R_FIRST: number;
  S_FIRST: number;
  STEP: number;
}

/** @param input What the weights will be multiplied with: their type and inner extent are its type and channels. */
function recordPackedWeight(
  recorder: Recorder,
  label: string,
  weight: Tensor,
  input: Tensor,
  taps: Taps,
  swap: boolean,
): Tensor {
  const [K, R, S, C] = weight.shape, INPUTS = input.shape[3], outputs = swap ? C : K;
  const shape = [Math.ceil(outputs / PANEL), taps.TAPS_R, taps.TAPS_S, INPUTS, PANEL];
  const packed = recorder.alloc(`${label}.packed${swap ? "_swapped" : ""}`, shape, input.dtype);
  recorder.dispatch(
    {
      name: "pack_weight",
      source: packWeight,
      elem: elemOf(input),
      overrides: { K, R, S, C, INPUTS, ...taps, SWAP: Number(swap) },
    },
    [weight, packed],
    foldGrid(Math.ceil(elementCount(shape) / 64)),
  );
  return packed;
}

/** The output pixels and filter taps of one dispatch, as conv2d_tiled.wgsl's header puts them; in the kernels' order. */
interface PixelGeometry {
  N: number;
  X_H: number;
  X_W: number;
  C: number;
  Y_H: number;
  Y_W: number;
  K: number;
  I_COUNT: number;
  J_COUNT: number;
  TAPS_R: number;
  TAPS_S: number;
  X_STEP: number;
  X_DIR: number;
  X_TOP: number;
  X_LEFT: number;
  Y_STEP: number;
  Y_TOP: number;
  Y_LEFT: number;
}

function recordPixels(recorder: Recorder, x: Tensor, w: Tensor, y: Tensor, sizes: PixelGeometry): void {
  expectProducts(x, sizes.TAPS_R * sizes.TAPS_S, sizes.C);
  for (const { first, count } of slices(sizes.K, SLICE_CHANNELS)) {
    recordChannels(recorder, x, w, y, sizes, first, count);
  }
}

/** As `recordPixels`, and the statistics of y with it; records nothing where the device has no kernel for that. */
function recordWithStatistics(
  recorder: Recorder,
  label: string,
  x: Tensor,
  w: Tensor,
  y: Tensor,
  sizes: PixelGeometry,
  groups: number,
): PartialStatistics | undefined {
  const { N, I_COUNT, J_COUNT, K } = sizes, pixels = N * I_COUNT * J_COUNT / groups;
  const ways = matrixWays(recorder, x, { pixels, groups, count: K }, "withStatistics");
  if (ways.length === 0 || K > SLICE_CHANNELS || N % groups !== 0) return undefined;
  expectProducts(x, sizes.TAPS_R * sizes.TAPS_S, sizes.C);
  const shape = [groups, Math.ceil(pixels / CHUNK_ROWS), K];
  const mean = recorder.alloc(`${label}.partial_mean`, shape),
    m2 = recorder.alloc(`${label}.partial_m2`, shape);
  const g = recorder.constant([...Object.values(sizes), 0, pixels]);
  recorder.dispatchTuned(shapeClassOf(sizes), ways, [x, w, g, y, mean, m2], { flops: flopsOf(sizes, K) });
  return { mean, m2, rows: CHUNK_ROWS };
}

/** What, beside the kernel, decides which tile is the fastest. */
const shapeClassOf = ({ N, I_COUNT, J_COUNT, TAPS_R, TAPS_S, C, K, X_STEP, Y_STEP }: PixelGeometry): string =>
  `${powerOfTwo(N * I_COUNT * J_COUNT)} pixels, ${TAPS_R}x${TAPS_S}x${C} to ${K}, step ${X_STEP}/${Y_STEP}`;
const flopsOf = ({ N, I_COUNT, J_COUNT, TAPS_R, TAPS_S, C }: PixelGeometry, channels: number): number =>
  2 * N * I_COUNT * J_COUNT * TAPS_R * TAPS_S * C * channels;

/** The output channels from `first` on, `count` of them: a slice. */
function recordChannels(
  recorder: Recorder,
  x: Tensor,
  w: Tensor,
  y: Tensor,
  sizes: PixelGeometry,
  first: number,
  count: number,
): void {
  const { N, I_COUNT, J_COUNT, K } = sizes,
    elem = elemOf(x),
    pixels = N * I_COUNT * J_COUNT;
  const grid = (tilePixels: number, tileChannels: number) => [
    ...foldGrid(Math.ceil(pixels / tilePixels)),
    Math.ceil(count / tileChannels),
  ];
  const narrow = {
    kernel: { name: "conv2d_subgroup8", source: subgroup8, lib: IN_SUBGROUPS_LIB, elem },
    workgroups: grid(64, PANEL),
  };
  const wide = {
    kernel: { name: "conv2d_subgroup8_wide", source: subgroup8Wide, lib: IN_SUBGROUPS_LIB, elem },
    workgroups: grid(48, 2 * PANEL),
  };
  const short = {
    kernel: { name: "conv2d_subgroup8_short", source: subgroup8Short, lib: IN_SUBGROUPS_LIB, elem },
    workgroups: grid(32, 2 * PANEL),
  };
  const tiles = fittingTiles(recorder, ({ WG_M, WG_N }) => 40 * WG_M + 32 * WG_N).map(({ WG_M, WG_N }) => ({
    kernel: { name: "conv2d_tiled", source: tiled, lib: [GEOMETRY], elem, overrides: { WG_M, WG_N } },
    workgroups: grid(8 * WG_M, 8 * WG_N),
  }));
  const inSubgroups = K <= PANEL ? [narrow] : [wide, short];
  recorder.dispatchTuned(
    shapeClassOf(sizes),
    [
      ...matrixWays(recorder, x, { pixels, groups: 1, count }),
      ...inSubgroupsOf8(recorder) ? inSubgroups : tiles,
    ],
    [x, w, recorder.constant([...Object.values(sizes), first, pixels]), y],
    { flops: flopsOf(sizes, count) },
  );
}

/** The kernels load four channels at a time, those that multiply matrices eight: so many make a whole. */
function wholeVectors({ capabilities }: Recorder, { dtype }: Tensor, channels: number): number {
  const whole = dtype === "f16" && capabilities.matrices ? MATRIX_CHANNELS : 4;
  return Math.ceil(channels / whole) * whole;
}
const withWholeVectors = (recorder: Recorder, label: string, x: Tensor): Tensor =>
  recordPadChannels(recorder, label, x, wholeVectors(recorder, x, x.shape[3]));
