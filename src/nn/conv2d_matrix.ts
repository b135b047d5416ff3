import plain from "../../kernels/conv2d_matrix.wgsl" with { type: "text" };
import withStatistics from "../../kernels/conv2d_matrix_statistics.wgsl" with { type: "text" };
import epilogue from "../../kernels/lib/conv2d_epilogue.wgsl" with { type: "text" };
import geometry from "../../kernels/lib/conv2d_geometry.wgsl" with { type: "text" };
import tap from "../../kernels/lib/conv2d_tap.wgsl" with { type: "text" };
import product from "../../kernels/lib/conv2d_matrix.wgsl" with { type: "text" };
import tileSource from "../../kernels/lib/matrix_tile.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Candidate } from "../gpu/tuner.ts";
import { MATRIX_CHANNELS, type MatrixTile, matrixTiles, stagedUnits, tileOf } from "./matrix_tiles.ts";

const TILE_LIB = [
  { name: "conv2d_geometry", source: geometry },
  { name: "conv2d_tap", source: tap },
  { name: "matrix_tile", source: tileSource },
  { name: "conv2d_matrix", source: product },
];
const PLAIN_LIB = [...TILE_LIB, { name: "conv2d_epilogue", source: epilogue }];

/**
 * Rows of a subgroup where statistics are made: a chunk of them, whatever the tile, so that all make the same bits. What each
 * chunk leaves is a sixteenth of what it is made of.
 */
export const CHUNK_ROWS = 64;

/** What a dispatch makes: pixels of a group, of which there are `groups`, and output channels. */
interface Results {
  pixels: number;
  groups: number;
  count: number;
}

/**
 * The ways to make a convolution's pixels by products of small matrices: none where the device has no such products, or x is not
 * f16 with whole vectors of eight channels.
 */
export const matrixWays = (
  recorder: Recorder,
  x: Tensor,
  results: Results,
): Candidate[] =>
  tilesFor(recorder, x, results).map((tile) => ({
    kernel: {
      name: "conv2d_matrix",
      source: plain,
      lib: PLAIN_LIB,
      elem: "f16",
      constants: { ...tile },
    },
    workgroups: gridOf(tile, results),
  }));

/** As `matrixWays`, with the statistics of each group by chunks of CHUNK_ROWS pixels. */
export const matrixStatisticsWays = (recorder: Recorder, x: Tensor, results: Results): Candidate[] =>
  tilesFor(recorder, x, results).filter(({ M, BLOCKS_M }) => M * BLOCKS_M === CHUNK_ROWS).map((tile) => ({
    kernel: {
      ...{ name: "conv2d_matrix_statistics", source: withStatistics, lib: TILE_LIB },
      ...{ elem: "f16", constants: { ...tile } },
    },
    workgroups: gridOf(tile, results),
  }));

function tilesFor({ capabilities }: Recorder, x: Tensor, { pixels, groups, count }: Results): MatrixTile[] {
  if (x.dtype !== "f16" || x.shape[3] % MATRIX_CHANNELS !== 0) return [];
  return matrixTiles(capabilities, { rows: groups * pixels, columns: count }, matrixBytes);
}

/** No tile has pixels of two groups. */
function gridOf(tile: MatrixTile, { pixels, groups, count }: Results): number[] {
  const { rows, columns } = tileOf(tile);
  return [...foldGrid(groups * Math.ceil(pixels / rows)), Math.ceil(count / columns)];
}

/** What a tile takes of a workgroup's memory. */
function matrixBytes(tile: MatrixTile): number {
  const { rows, columns } = tileOf(tile), { TILE_K } = tile;
  const stage = rows * (TILE_K / 8 + 1) + TILE_K * (columns / 8 + 1);
  return 16 * Math.max(2 * stage, stagedUnits(tile));
}
