import { eachPart, partsOf, rowsOfPart } from "../gpu/parts.ts";
import { foldGrid } from "../gpu/recorder.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import { MAX_ROUNDS, type Slices, vectorOf } from "./elementwise.ts";

export const WORKGROUP_SIZE = 64;
/** Rows that one invocation sums: few enough that serial f32 sums keep six digits, many enough to be worth a partial. */
const MIN_ROWS_PER_CHUNK = 32, MAX_ROWS_PER_CHUNK = 256;
/** Invocations that the sums over a group are to have at least, where it has rows for them: they fill a large GPU. */
const MIN_THREADS = 4096;
/** Rows that one invocation normalises: the channels' figures are loaded once for all of them. */
const ROWS_PER_THREAD = 8;

/**
 * How BatchNorm's kernels see x: rows of vectors, by group. What sums takes a chunk of rows, what makes elements every
 * THREADS-th. A part of x has rows of one group, and chunks of its own among that group's; where its parts are whole
 * chunks, the sums are those of the whole in the same order.
 *
 * @throws {RangeError} If x's first axis is no multiple of `groups`, or a part of it has images of two.
 */
export function layout(x: Tensor, groups: number) {
  const C = x.shape.at(-1) ?? 0, IMAGES = x.shape[0] / groups;
  if (x.shape.length < 2 || !Number.isInteger(IMAGES)) {
    throw new RangeError(
      `Cannot batch-normalise ${x.label}: shape must be [N, …, C] with N a multiple of ${groups}, got [${x.shape}]`,
    );
  }
  const vector = vectorOf(C), VECTORS = C / vector, ROWS = elementCount(x.shape) / C / groups;
  const share = 2 ** Math.floor(Math.log2(Math.max(1, (ROWS * VECTORS) / MIN_THREADS)));
  const ROWS_PER_CHUNK = Math.min(MAX_ROWS_PER_CHUNK, Math.max(MIN_ROWS_PER_CHUNK, share));
  const PARTS = x.parts ? partsOf(x).length / groups : 1;
  const cut = (told: Record<string, number>) => x.parts ? told : {}; // nothing is where all rows are one part
  const rowsOf = (part: number) => rowsOfPart(part % PARTS, IMAGES, PARTS, ROWS / IMAGES);
  if (x.parts?.some((part, i) => elementCount(part.shape) !== rowsOf(i) * C)) {
    throw new RangeError(
      `Cannot batch-normalise ${x.label} in ${groups} groups: it lies in parts of ${
        x.parts.map(({ shape }) => shape[0])
      } images`,
    );
  }
  // A part of one image more or less has as many chunks as the others; the last may then be without rows.
  const most = Math.max(...Array.from({ length: PARTS }, (_, i) => rowsOf(i)));
  const chunks = Math.ceil(most / ROWS_PER_CHUNK), CHUNKS = PARTS * chunks;
  const each = partsOf(x).map((_, i) => {
    const GROUPS = x.parts ? 1 : groups, rows = x.parts ? rowsOf(i) : ROWS;
    const THREADS = Math.ceil(rows / ROWS_PER_THREAD) * VECTORS;
    const grid = (threads: number) => foldGrid(Math.ceil((GROUPS * threads) / WORKGROUP_SIZE));
    return {
      sizes: { GROUPS, ROWS: rows, VECTORS },
      group: cut({ FIRST_GROUP: Math.floor(i / PARTS) }),
      chunking: { CHUNKS: chunks, ROWS_PER_CHUNK, ...cut({ FIRST_CHUNK: i * chunks }) },
      ...{ THREADS, chunkGrid: grid(chunks * VECTORS), threadGrid: grid(THREADS) },
    };
  });
  return {
    ...{ ROWS, C, vector, VECTORS, CHUNKS, ROWS_PER_CHUNK },
    ...{ PARTS, most }, // parts of a group, and rows of the largest
    /** What the statistics' kernel is told of the parts. */
    parting: cut({ IMAGES, PARTS }),
    /** Goes through the parts of tensors like x, with how the kernels see them. */
    eachOf: <const T extends readonly Tensor[]>(
      tensors: T,
      record: (parts: { [K in keyof T]: Tensor }, seen: typeof each[number]) => void,
    ) => eachPart(tensors, (parts, i) => record(parts, each[i])),
  };
}

/**
 * The groups that each dispatch of what goes through them one after another takes: all in one, unless its loops would
 * then exceed a driver's rounds. The bits are those of one.
 *
 * @param rows What each channel's sum in a group is of.
 */
export function groupRanges(groups: number, rows: number, { SLICES, SLICE_LANES }: Slices) {
  const rounds = 6 + 3 * Math.log2(SLICES) + Math.ceil((rows + 3 * SLICES) / SLICE_LANES);
  const each = Math.max(1, Math.floor(MAX_ROUNDS / rounds));
  return Array.from({ length: Math.ceil(groups / each) }, (_, i) => ({
    FIRST_GROUP: i * each,
    END_GROUP: Math.min((i + 1) * each, groups),
  }));
}
