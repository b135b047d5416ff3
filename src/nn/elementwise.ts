import { foldGrid, type Recorder } from "../gpu/recorder.ts";

/** Elements of a vector that kernels over `Elems` and `Floats` load at once: four, where all rows are whole ones. */
export const vectorOf = (rowLength: number): 1 | 4 => rowLength % 4 === 0 ? 4 : 1;

/** Vectors per invocation and invocations per workgroup of the elementwise kernels. */
const VECTORS = 4, WORKGROUP_SIZE = 64;

/** The grid of a kernel that takes four vectors an invocation, 64 invocations a workgroup, folded into x and y. */
export function elementwiseGrid(vectors: number): [number, number] {
  return foldGrid(Math.ceil(vectors / (VECTORS * WORKGROUP_SIZE)));
}

/**
 * Rounds that all of an invocation's loops may go through: Mesa's CPU driver ends them, without a word, after 65,535
 * (kernels/README.md), and what counts there beside a loop's own rounds is its way out.
 */
export const MAX_ROUNDS = 49_152;

/** How a kernel that sums over rows, by channel, is spread over a device. */
export interface Slices {
  /** Sums that a channel's rows are split into. They order the additions, so they follow from shapes alone. */
  SLICES: number;
  /** Invocations of a workgroup that share the slices of a vector of channels, and the vectors it takes. */
  SLICE_LANES: number;
  CHANNEL_LANES: number;
}
/** Rows that are summed one after another, where slices do not run out: so many take as long as a step of the tree. */
const ROWS_PER_SLICE = 8;
/** Slices times vectors of channels that one workgroup's memory holds. */
const MAX_SLOTS = 256;
/** Rows that one invocation sums, where there are lanes to share them: far from MAX_ROUNDS. */
const MAX_ROWS_PER_LANE = 16_384;
/** Rows of one dispatch of such a kernel: more than its lanes can share would be rounds too many. */
export const MAX_SLICED_ROWS = MAX_SLOTS * MAX_ROWS_PER_LANE;

/** @param rows What each channel's sum is of, MAX_SLICED_ROWS at most. @param vectors Of channels. */
export function slicesOf(recorder: Recorder, rows: number, vectors: number): Slices {
  const SLICES = Math.min(MAX_SLOTS, powerOfTwo(rows / ROWS_PER_SLICE)), slots = MAX_SLOTS / SLICES;
  if (recorder.capabilities.subgroupSize !== 8) {
    return { SLICES, SLICE_LANES: SLICES, CHANNEL_LANES: Math.max(1, 64 / SLICES) };
  }
  // Subgroups of eight are a CPU's, where a barrier costs what hundreds of sums do: one subgroup, and channels first.
  const CHANNEL_LANES = Math.min(8, slots, powerOfTwo(vectors));
  const lanes = Math.max(8 / CHANNEL_LANES, powerOfTwo(rows / MAX_ROWS_PER_LANE));
  return { SLICES, SLICE_LANES: Math.min(SLICES, lanes), CHANNEL_LANES };
}

/** The least power of two that is not smaller, and 1 at least. */
const powerOfTwo = (size: number): number => 2 ** Math.max(0, Math.ceil(Math.log2(size)));
