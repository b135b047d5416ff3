import tiledSource from "../../kernels/conv2d_weight_gradient_tiled.wgsl" with { type: "text" };
import subgroup8 from "../../kernels/conv2d_weight_gradient_subgroup8.wgsl" with { type: "text" };
import subgroup8Wide from "../../kernels/conv2d_weight_gradient_subgroup8_wide.wgsl" with { type: "text" };
import matrixSource from "../../kernels/conv2d_weight_gradient_matrix.wgsl" with { type: "text" };
import reduceSplits from "../../kernels/reduce_splits.wgsl" with { type: "text" };
import matrixTile from "../../kernels/lib/matrix_tile.wgsl" with { type: "text" };
import geometry from "../../kernels/lib/conv2d_weight_gradient_geometry.wgsl" with { type: "text" };
import place from "../../kernels/lib/conv2d_weight_gradient_place.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, type Tensor } from "../gpu/tensor.ts";
import {
  type Conv2dSaved,
  conv2dSizes,
  fittingTiles,
  inSubgroupsOf8,
  powerOfTwo,
  SLICE_CHANNELS,
  SLICE_COLUMNS,
  slices,
} from "./conv2d_sizes.ts";
import { MATRIX_CHANNELS, type MatrixTile, matrixTiles, stagedUnits, tileOf } from "./matrix_tiles.ts";

const GEOMETRY = { name: "conv2d_weight_gradient_geometry", source: geometry };
const MATRIX_LIB = [GEOMETRY, { name: "matrix_tile", source: matrixTile }];
const IN_SUBGROUPS_LIB = [GEOMETRY, { name: "conv2d_weight_gradient_place", source: place }];

/**
 * The reduction is split until there are workgroups to fill a device, counted in tiles of 64 columns by 16 filters, but no
 * further: splits cost memory. They depend on the shapes alone, so that every kernel makes the same bits.
 */
const ENOUGH_WORKGROUPS = 4096, MAX_SPLITS = 64, SPLIT_TILE = { columns: 64, filters: 16 };
/**
 * Output pixels of a split at most, whatever that makes of MAX_SPLITS: Mesa's CPU driver ends an invocation's loops, without
 * a word, once they have gone round 65,535 times in all, and a pixel takes three rounds at most.
 */
const MAX_SPLIT_PIXELS = 20_480;

/**
 * The half of `recordConv2dBackward` that accumulates into `dWeight`: split over output pixels, then summed.
 *
 * @param dy `[N, P, Q, K]`, channels filled up to whole vectors of four.
 * @param dWeight `[K, R, S, C]`, f32.
 */
export function recordConv2dWeightGradient(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
  dWeight: Tensor,
): void {
  const { N, H, W, C, K, R, S, P, Q } = conv2dSizes(saved.x, saved.weight, saved.options);
  const { vectors: x, options: { stride, padding } } = saved, elem = elemOf(x);
  const paddedC = x.shape[3], paddedK = dy.shape[3], columns = R * S * paddedC;
  const tiles = Math.ceil((R * S * C) / SPLIT_TILE.columns) * Math.ceil(K / SPLIT_TILE.filters);
  const wanted = Math.min(MAX_SPLITS, N * P, Math.ceil(ENOUGH_WORKGROUPS / tiles));
  const pixels = N * P * Q, rows = Math.min(Math.ceil((N * P) / wanted), Math.floor(MAX_SPLIT_PIXELS / Q));
  const pixelsPerSplit = rows === 0 ? MAX_SPLIT_PIXELS : rows * Q,
    splits = Math.ceil(pixels / pixelsPerSplit);
  const partial = recorder.alloc(`${label}.dWeight.partial`, [splits, paddedK, columns]);
  const sizes = [N, H, W, paddedC, P, Q, paddedK, R, S, stride, padding, pixelsPerSplit];
  for (const filter of slices(paddedK, SLICE_CHANNELS)) {
    for (const column of slices(columns, SLICE_COLUMNS)) {
      const grid = (tileColumns: number, tileFilters: number) => [
        Math.ceil(column.count / tileColumns),
        Math.ceil(filter.count / tileFilters),
        splits,
      ];
      const inSubgroups = K <= 16
        ? {
          kernel: {
            name: "conv2d_weight_gradient_subgroup8",
            source: subgroup8,
            lib: IN_SUBGROUPS_LIB,
            elem,
          },
          workgroups: grid(32, 16),
        }
        : {
          kernel: {
            name: "conv2d_weight_gradient_subgroup8_wide",
            source: subgroup8Wide,
            lib: IN_SUBGROUPS_LIB,
            elem,
          },
          workgroups: grid(64, 32),
        };
      const tiled = fittingTiles(recorder, ({ WG_M, WG_N }) => 32 * (WG_M + WG_N)).map(({ WG_M, WG_N }) => ({
        kernel: {
          name: "conv2d_weight_gradient_tiled",
          source: tiledSource,
          lib: [GEOMETRY],
          elem,
          overrides: { WG_M, WG_N },
        },
        workgroups: grid(8 * WG_N, 8 * WG_M),
      }));
      const matrices = elem === "f16" && paddedC % MATRIX_CHANNELS === 0
        ? matrixTiles(
          recorder.capabilities,
          { rows: filter.count, columns: column.count },
          matrixBytes,
        ).map((constants) => ({
          kernel: {
            name: "conv2d_weight_gradient_matrix",
            source: matrixSource,
            lib: MATRIX_LIB,
            elem,
            constants: { ...constants },
          },
          workgroups: grid(tileOf(constants).columns, tileOf(constants).rows),
        }))
        : [];
      recorder.dispatchTuned(
        `${powerOfTwo(pixels)} pixels, ${K} by ${R}x${S}x${C}, step ${stride}`,
        [...matrices, ...inSubgroupsOf8(recorder) ? [inSubgroups] : tiled],
        [x, dy, recorder.constant([...sizes, filter.first, column.first]), partial],
        { flops: 2 * pixels * K * R * S * C * (filter.count / paddedK) * (column.count / columns) },
      );
    }
  }
  const length = elementCount(dWeight.shape);
  recorder.dispatch(
    {
      name: "reduce_splits",
      source: reduceSplits,
      overrides: { SPLITS: splits, SPLIT_LENGTH: paddedK * columns, LENGTH: length, C, C_PADDED: paddedC },
    },
    [partial, dWeight],
    foldGrid(Math.ceil(length / 64)),
  );
}

/** What a tile of conv2d_weight_gradient_matrix.wgsl takes of a workgroup's memory. */
function matrixBytes(tile: MatrixTile): number {
  const { rows, columns } = tileOf(tile);
  return 16 * Math.max(2 * tile.TILE_K * (rows / 8 + 1 + columns / 8 + 1), stagedUnits(tile));
}
