import tiledSource from "../../kernels/conv2d_weight_gradient_tiled.wgsl" with { type: "text" };
import subgroup8 from "../../kernels/conv2d_weight_gradient_subgroup8.wgsl" with { type: "text" };
import subgroup8Wide from "../../kernels/conv2d_weight_gradient_subgroup8_wide.wgsl" with { type: "text" };
import reduceSplits from "../../kernels/reduce_splits.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, type Tensor } from "../gpu/tensor.ts";
import { type Conv2dSaved, conv2dSizes, inSubgroupsOf8, powerOfTwo, TILES } from "./conv2d_sizes.ts";

/**
 * The reduction is split until there are workgroups to fill a device, counted in tiles of 64 columns by 16 filters, but no
 * further: splits cost memory. They depend on the shapes alone, so that every kernel makes the same bits.
 */
const ENOUGH_WORKGROUPS = 4096, MAX_SPLITS = 64, SPLIT_TILE = { columns: 64, filters: 16 };

/**
 * The half of `recordConv2dBackward` that accumulates into `dWeight`: split over output rows, then summed.
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
  const rowsPerSplit = Math.ceil((N * P) / wanted), splits = Math.ceil((N * P) / rowsPerSplit);
  const partial = recorder.alloc(`${label}.dWeight.partial`, [splits, paddedK, columns]);
  const sizes = [N, H, W, paddedC, P, Q, paddedK, R, S, stride, padding, rowsPerSplit];
  const grid = (tileColumns: number, tileFilters: number) => [
    Math.ceil(columns / tileColumns),
    Math.ceil(paddedK / tileFilters),
    splits,
  ];
  const inSubgroups = K <= 16
    ? {
      kernel: { name: "conv2d_weight_gradient_subgroup8", source: subgroup8, elem },
      workgroups: grid(32, 16),
    }
    : {
      kernel: { name: "conv2d_weight_gradient_subgroup8_wide", source: subgroup8Wide, elem },
      workgroups: grid(64, 32),
    };
  const tiled = TILES.map(({ WG_M, WG_N }) => ({
    kernel: { name: "conv2d_weight_gradient_tiled", source: tiledSource, elem, overrides: { WG_M, WG_N } },
    workgroups: grid(8 * WG_N, 8 * WG_M),
  }));
  recorder.dispatchTuned(
    `${powerOfTwo(N * P * Q)} pixels, ${K} by ${R}x${S}x${C}, step ${stride}`,
    inSubgroupsOf8(recorder) ? [inSubgroups] : tiled,
    [x, dy, recorder.constant(sizes), partial],
    { flops: 2 * N * P * Q * K * R * S * C },
  );
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
