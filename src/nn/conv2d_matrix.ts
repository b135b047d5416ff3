import plain from "../../kernels/conv2d_matrix.wgsl" with { type: "text" };
import withStatistics from "../../kernels/conv2d_matrix_statistics.wgsl" with { type: "text" };
import geometry from "../../kernels/lib/conv2d_geometry.wgsl" with { type: "text" };
import product from "../../kernels/lib/conv2d_matrix.wgsl" with { type: "text" };
import tileSource from "../../kernels/lib/matrix_tile.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { Candidate } from "../gpu/tuner.ts";
import { MATRIX_CHANNELS, type MatrixTile, matrixTiles, stagedUnits, tileOf } from "./matrix_tiles.ts";

const LIB = [
  { name: "conv2d_geometry", source: geometry },
  { name: "matrix_tile", source: tileSource },
  { name: "conv2d_matrix", source: product },
];
const KERNELS = {
  plain: { name: "conv2d_matrix", source: plain },
  withStatistics: { name: "conv2d_matrix_statistics", source: withStatistics },
};

/**
 * Rows of a subgroup where statistics are made: a chunk of them, whatever the tile, so that all make the same bits. A tenth of
 * what each activation takes, at most.
 */
export const CHUNK_ROWS = 64;

/**
 * The ways to make a convolution's pixels by products of small matrices: none where the device has no such products, or x is not
 * f16 with whole vectors of eight channels.
 *
 * @param sizes Pixels of a group, of which there are `groups`: no tile has pixels of two. @param count Output channels.
 */
export function matrixWays(
  { capabilities }: Recorder,
  x: Tensor,
  { pixels, groups, count }: { pixels: number; groups: number; count: number },
  kernel: keyof typeof KERNELS = "plain",
): Candidate[] {
  if (x.dtype !== "f16" || x.shape[3] % MATRIX_CHANNELS !== 0) return [];
  const tiles = matrixTiles(capabilities, { rows: groups * pixels, columns: count }, matrixBytes)
    .filter(({ M, BLOCKS_M }) => kernel === "plain" || BLOCKS_M * M === CHUNK_ROWS);
  return tiles.map((tile) => {
    const { rows, columns } = tileOf(tile);
    return {
      kernel: { ...KERNELS[kernel], lib: LIB, elem: "f16", constants: { ...tile } },
      workgroups: [...foldGrid(groups * Math.ceil(pixels / rows)), Math.ceil(count / columns)],
    };
  });
}

/** What a tile takes of a workgroup's memory. */
function matrixBytes(tile: MatrixTile): number {
  const { rows, columns } = tileOf(tile), { TILE_K } = tile;
  const stage = rows * (TILE_K / 8 + 1) + TILE_K * (columns / 8 + 1);
  return 16 * Math.max(2 * stage, stagedUnits(tile));
}
