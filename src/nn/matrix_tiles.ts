import type { Capabilities, MatrixShape } from "../gpu/capabilities.ts";

/** The constants of a kernel that multiplies small matrices (kernels/lib/conv2d_matrix.wgsl has what each is). */
export interface MatrixTile extends MatrixShape {
  BLOCKS_M: number;
  BLOCKS_N: number;
  SUBGROUPS_M: number;
  SUBGROUPS_N: number;
  SUBGROUP_SIZE: number;
  TILE_K: number;
}

/** What kernels load at once, in f16: channels are whole ones where matrices are multiplied. */
export const MATRIX_CHANNELS = 8;
/** Results a row of which are made beside each other, and how much of their sums at once. */
interface Layout {
  /** Subgroups of a workgroup. */
  down: number;
  across: number;
  /** Results of a subgroup. */
  rows: number;
  columns: number;
  /** TILE_K. */
  stretch: number;
}

/** Of those that make the fewest results past the last ones, the first that fits is taken untuned. */
const LAYOUTS: readonly Layout[] = [
  { down: 2, across: 4, rows: 64, columns: 32, stretch: 32 }, // 128 × 128
  { down: 2, across: 2, rows: 64, columns: 64, stretch: 32 }, // by half the subgroups
  { down: 4, across: 2, rows: 64, columns: 64, stretch: 16 }, // 256 × 128
  { down: 2, across: 2, rows: 64, columns: 32, stretch: 32 }, // 128 × 64
  { down: 1, across: 4, rows: 64, columns: 32, stretch: 32 }, // 64 × 128
  { down: 1, across: 2, rows: 64, columns: 32, stretch: 32 }, // 64 × 64
  { down: 2, across: 1, rows: 64, columns: 64, stretch: 32 }, // 128 × 64
  { down: 4, across: 1, rows: 64, columns: 32, stretch: 32 }, // 256 × 32
  { down: 2, across: 1, rows: 64, columns: 32, stretch: 32 }, // 128 × 32
  { down: 2, across: 1, rows: 64, columns: 16, stretch: 32 }, // 128 × 16
  { down: 1, across: 2, rows: 32, columns: 64, stretch: 32 }, // 32 × 128
  { down: 1, across: 2, rows: 16, columns: 32, stretch: 32 }, // 16 × 64
];
/** Tiles with more results past the last ones than this, of those with the fewest, are not worth timing. */
const MOST_WASTE = 2;

/**
 * The tiles by which a device multiplies matrices of f16: none where it cannot.
 *
 * @param results How many, down and across. @param bytes What a tile takes of a workgroup's memory.
 */
export function matrixTiles(
  { matrices = [], matrixSubgroupSize, maxWorkgroupBytes = 16_384, maxWorkgroupInvocations = 256 }:
    Capabilities,
  results: { rows: number; columns: number },
  bytes: (tile: MatrixTile) => number,
): MatrixTile[] {
  const [shape] = matrices;
  if (!shape || matrixSubgroupSize === undefined) return [];
  const fitting = LAYOUTS.map((layout) => tileFrom(layout, shape, matrixSubgroupSize)).filter((tile) => {
    const { rows, columns } = tileOf(tile), invocations = invocationsOf(tile);
    // Each invocation loads as many units as any other.
    const even = [rows, columns].every((extent) =>
      extent * tile.TILE_K / MATRIX_CHANNELS % invocations === 0
    );
    return even && invocations <= maxWorkgroupInvocations && bytes(tile) <= maxWorkgroupBytes;
  });
  const made = (tile: MatrixTile) => {
    const { rows, columns } = tileOf(tile);
    return Math.ceil(results.rows / rows) * rows * Math.ceil(results.columns / columns) * columns;
  };
  const fewest = Math.min(...fitting.map(made));
  return fitting.filter((tile) => made(tile) <= MOST_WASTE * fewest).sort((a, b) => made(a) - made(b));
}

const tileFrom = (
  { down, across, rows, columns, stretch }: Layout,
  { M, N, K }: MatrixShape,
  subgroupSize: number,
): MatrixTile => ({
  ...{ M, N, K, BLOCKS_M: rows / M, BLOCKS_N: columns / N },
  ...{ SUBGROUPS_M: down, SUBGROUPS_N: across, SUBGROUP_SIZE: subgroupSize, TILE_K: stretch },
});
const invocationsOf = ({ SUBGROUPS_M, SUBGROUPS_N, SUBGROUP_SIZE }: MatrixTile): number =>
  SUBGROUPS_M * SUBGROUPS_N * SUBGROUP_SIZE;

/** Results of a workgroup. */
export const tileOf = ({ M, N, BLOCKS_M, BLOCKS_N, SUBGROUPS_M, SUBGROUPS_N }: MatrixTile) => ({
  rows: SUBGROUPS_M * BLOCKS_M * M,
  columns: SUBGROUPS_N * BLOCKS_N * N,
});

/** Units of eight f16 that a workgroup gets at its sums by: a column of each subgroup's matrices, as f32. */
export const stagedUnits = (tile: MatrixTile): number => tileOf(tile).rows * tile.SUBGROUPS_N * tile.N / 4;
