import tiled from "../../kernels/conv2d_tiled.wgsl" with { type: "text" };
import subgroup8 from "../../kernels/conv2d_subgroup8.wgsl" with { type: "text" };
import subgroup8Wide from "../../kernels/conv2d_subgroup8_wide.wgsl" with { type: "text" };
import subgroup8Short from "../../kernels/conv2d_subgroup8_short.wgsl" with { type: "text" };
import epilogue from "../../kernels/lib/conv2d_epilogue.wgsl" with { type: "text" };
import geometrySource from "../../kernels/lib/conv2d_geometry.wgsl" with { type: "text" };
import pixel from "../../kernels/lib/conv2d_pixel.wgsl" with { type: "text" };
import { eachPart, partsOf } from "../gpu/parts.ts";
import tap from "../../kernels/lib/conv2d_tap.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, type Tensor } from "../gpu/tensor.ts";
import type { FrozenNorm, PartialStatistics } from "./batch_norm.ts";
import { layout } from "./batch_norm_rows.ts";
import { CHUNK_ROWS, matrixStatisticsWays, matrixWays } from "./conv2d_matrix.ts";
import {
  expectProducts,
  fittingTiles,
  inSubgroupsOf8,
  PANEL,
  powerOfTwo,
  SLICE_CHANNELS,
  slices,
} from "./conv2d_sizes.ts";

const GEOMETRY = { name: "conv2d_geometry", source: geometrySource };
const TILED_LIB = [GEOMETRY, { name: "conv2d_tap", source: tap }, {
  name: "conv2d_epilogue",
  source: epilogue,
}];
const IN_SUBGROUPS_LIB = [GEOMETRY, { name: "conv2d_pixel", source: pixel }];
/** The kernels for subgroups of eight, with the pixels and channels of a workgroup: for one panel of channels, and for more. */
const IN_SUBGROUPS = {
  narrow: [{ name: "conv2d_subgroup8", source: subgroup8, pixels: 64, channels: PANEL }],
  wide: [
    { name: "conv2d_subgroup8_wide", source: subgroup8Wide, pixels: 48, channels: 2 * PANEL },
    { name: "conv2d_subgroup8_short", source: subgroup8Short, pixels: 32, channels: 2 * PANEL },
  ],
};

/** The output pixels and filter taps of one dispatch, as conv2d_tiled.wgsl's header puts them; in the kernels' order. */
export interface PixelGeometry {
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

/**
 * Whether a frozen BatchNorm may be applied to sums before they are stored. Not by the kernels for subgroups of eight, a CPU's:
 * each vector of four results would load its channels' figures anew, which took 8 % more of an embedding batch than it saved.
 */
export const takesFrozenNorm = (recorder: Recorder, x: Tensor): boolean =>
  !inSubgroupsOf8(recorder) || (x.dtype === "f16" && recorder.capabilities.matrices !== undefined);

/**
 * Records the pixels and channels that `sizes` says: a convolution's output, or those of its input gradient that have one parity.
 *
 * @param x, y With whole vectors of channels. @param w Packed by pack_weight.wgsl; none where there are no taps: x stands for it.
 * @param frozen What becomes of the sums before they are stored, where `takesFrozenNorm`.
 * @throws {RangeError} If a result is the sum of more than 40,960 products.
 */
export function recordPixels(
  recorder: Recorder,
  x: Tensor,
  w: Tensor | undefined,
  y: Tensor,
  sizes: PixelGeometry,
  frozen?: FrozenNorm,
): void {
  expectProducts(x, sizes.TAPS_R * sizes.TAPS_S, sizes.C);
  eachPart([x, y, frozen?.residual ?? x], ([x, y, residual]) => {
    const norm = frozen && { ...frozen, ...frozen.residual && { residual } };
    for (const { first, count } of slices(sizes.K, SLICE_CHANNELS)) {
      recordChannels(recorder, { x, w: w ?? x, y, frozen: norm }, { ...sizes, N: x.shape[0] }, first, count);
    }
  });
}

/** As `recordPixels`, and the statistics of y with it; records nothing where the device has no kernel for that. */
export function recordPixelsWithStatistics(
  recorder: Recorder,
  label: string,
  x: Tensor,
  w: Tensor,
  y: Tensor,
  sizes: PixelGeometry,
  groups: number,
): PartialStatistics | undefined {
  const { N, I_COUNT, J_COUNT, K } = sizes, each = I_COUNT * J_COUNT;
  if (K > SLICE_CHANNELS || N % groups !== 0) return undefined;
  const { PARTS, most } = layout(y, groups), rows = CHUNK_ROWS, chunks = Math.ceil(most / rows);
  const made = { groups: y.parts ? 1 : groups, count: K };
  const waysOf = (x: Tensor) =>
    matrixStatisticsWays(recorder, x, { ...made, pixels: x.shape[0] * each / made.groups });
  if (partsOf(x).some((x) => waysOf(x).length === 0)) return undefined;
  expectProducts(x, sizes.TAPS_R * sizes.TAPS_S, sizes.C);
  const mean = recorder.alloc(`${label}.partial_mean`, [groups, PARTS * chunks, K]),
    m2 = recorder.alloc(`${label}.partial_m2`, mean.shape);
  eachPart([x, y], ([x, y], part) => {
    const own = { ...sizes, N: x.shape[0] }, pixels = own.N * each / made.groups;
    const g = recorder.constant([...Object.values(own), 0, pixels, 0, part * chunks]);
    recorder.dispatchTuned(shapeClassOf(own), waysOf(x), [x, w, g, y, mean, m2], { flops: flopsOf(own, K) });
  });
  return { mean, m2, rows };
}

/** What, beside the kernel, decides which tile is the fastest. */
const shapeClassOf = ({ N, I_COUNT, J_COUNT, TAPS_R, TAPS_S, C, K, X_STEP, Y_STEP }: PixelGeometry): string =>
  `${powerOfTwo(N * I_COUNT * J_COUNT)} pixels, ${TAPS_R}x${TAPS_S}x${C} to ${K}, step ${X_STEP}/${Y_STEP}`;
const flopsOf = ({ N, I_COUNT, J_COUNT, TAPS_R, TAPS_S, C }: PixelGeometry, channels: number): number =>
  2 * N * I_COUNT * J_COUNT * TAPS_R * TAPS_S * C * channels;

/** The flags of conv2d_epilogue.wgsl. */
const flagsOf = (frozen?: FrozenNorm): number =>
  frozen ? 1 + 2 * Number(frozen.relu) + 4 * Number(frozen.residual !== undefined) : 0;

/** The output channels from `first` on, `count` of them: a slice. */
function recordChannels(
  recorder: Recorder,
  { x, w, y, frozen }: { x: Tensor; w: Tensor; y: Tensor; frozen?: FrozenNorm },
  sizes: PixelGeometry,
  first: number,
  count: number,
): void {
  const { N, I_COUNT, J_COUNT, K } = sizes, elem = elemOf(x), pixels = N * I_COUNT * J_COUNT;
  const grid = (tilePixels: number, tileChannels: number) => [
    ...foldGrid(Math.ceil(pixels / tilePixels)),
    Math.ceil(count / tileChannels),
  ];
  const inSubgroups = (K <= PANEL ? IN_SUBGROUPS.narrow : IN_SUBGROUPS.wide).map((
    { pixels, channels, ...kernel },
  ) => ({
    kernel: { ...kernel, lib: IN_SUBGROUPS_LIB, elem },
    workgroups: grid(pixels, channels),
  }));
  const tiles = fittingTiles(recorder, ({ WG_M, WG_N }) => 40 * WG_M + 32 * WG_N).map(({ WG_M, WG_N }) => ({
    kernel: { name: "conv2d_tiled", source: tiled, lib: TILED_LIB, elem, overrides: { WG_M, WG_N } },
    workgroups: grid(8 * WG_M, 8 * WG_N),
  }));
  const { statistics = w, gamma = w, beta = w, residual = x } = frozen ?? {};
  const geometry = recorder.constant([...Object.values(sizes), first, pixels, flagsOf(frozen), 0]);
  recorder.dispatchTuned(
    shapeClassOf(sizes),
    [
      ...matrixWays(recorder, x, { pixels, groups: 1, count }),
      ...inSubgroupsOf8(recorder) && !frozen ? inSubgroups : tiles,
    ],
    [x, w, geometry, y, statistics, gamma, beta, residual],
    { flops: flopsOf(sizes, count) },
  );
}
