import source from "../../kernels/top_k.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { expectShape, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";

/** The most values a row's search can keep: they stand in workgroup memory. */
export const MAX_TOP_K = 1024;

/** Places aside at least: with fewer, lanes would wait for one another more often than they sort. */
const MIN_ASIDE = 256;

/** Columns that one dispatch merges: Mesa's CPU driver ends loops that go round 65,535 times (kernels/README.md). */
const MAX_COLUMNS = 32_768;

/** Each row's k largest values so far, of columns that come chunk by chunk. */
export class RunningTopK {
  /** `[rows, k]` f32, largest first. */
  readonly values: Tensor;
  /** `[rows, k]` u32: columns of the whole; 0xffffffff while there were fewer than k. */
  readonly indices: Tensor;
  /** `[4]` u32: the next chunk's first column and their number, 0, 0. */
  readonly chunk: Tensor & { storage: { buffer: GPUBuffer } };

  /** @throws {RangeError} If k is not an integer from 1 to MAX_TOP_K. */
  constructor(readonly device: GPUDevice, rows: number, k: number) {
    expectK(k, MAX_TOP_K);
    this.values = uploadTensor(device, "top_k.values", [rows, k], "f32");
    this.indices = uploadTensor(device, "top_k.indices", [rows, k], "u32");
    const buffer = device.createBuffer({
      label: "top_k.chunk",
      size: 16,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.chunk = { label: "top_k.chunk", shape: [4], dtype: "u32", storage: { buffer, offset: 0 } };
  }

  /** Before each replay: the columns that it merges. `first` 0 starts afresh, whatever was kept. */
  writeChunk(first: number, columns: number): void {
    this.device.queue.writeBuffer(this.chunk.storage.buffer, 0, Uint32Array.of(first, columns, 0, 0));
  }

  destroy(): void {
    for (const { storage } of [this.values, this.indices, this.chunk]) storage?.buffer.destroy();
  }
}

/**
 * Records the k largest values of each row, largest first, with their columns; of equal values the lower column.
 *
 * @param x `[rows, columns]`, finite.
 * @returns `values`, `[rows, k]` f32, and `indices`, `[rows, k]` u32; both overwritten.
 * @throws {RangeError} If k is not an integer from 1 to min(columns, MAX_TOP_K).
 */
export function recordTopK(
  recorder: Recorder,
  label: string,
  x: Tensor,
  k: number,
): { values: Tensor; indices: Tensor } {
  const [rows, columns] = x.shape;
  expectK(k, Math.min(columns, MAX_TOP_K));
  const values = recorder.alloc(`${label}.top_values`, [rows, k]);
  const indices = recorder.alloc(`${label}.top_indices`, [rows, k], "u32");
  for (let first = 0; first < columns; first += MAX_COLUMNS) {
    const chunk = recorder.constant([first, Math.min(MAX_COLUMNS, columns - first), first, 0]);
    recordMerge(recorder, x, { values, indices, chunk });
  }
  return { values, indices };
}

/**
 * Records the merging of a chunk into a running search; after the last chunk it holds what `recordTopK` gives for all
 * columns at once.
 *
 * @param x `[rows, columns]`, finite, of 32,768 columns at most: each replay takes as many as `running.writeChunk` says.
 * @throws {RangeError} If `x` has not as many rows as the search, or more columns.
 */
export function recordTopKMerge(
  recorder: Recorder,
  x: Tensor,
  running: { values: Tensor; indices: Tensor; chunk: Tensor },
): void {
  expectShape(x, [running.values.shape[0], x.shape[1]], "a chunk of columns");
  if (x.shape[1] > MAX_COLUMNS) {
    throw new RangeError(`Cannot merge a chunk: at most ${MAX_COLUMNS} columns, got ${x.shape[1]}`);
  }
  recordMerge(recorder, x, running);
}

function recordMerge(
  recorder: Recorder,
  x: Tensor,
  { values, indices, chunk }: { values: Tensor; indices: Tensor; chunk: Tensor },
): void {
  const [rows, k] = values.shape;
  expectShape(x, [rows, x.shape[1]], "values to search");
  const best = 2 ** Math.ceil(Math.log2(k));
  recorder.dispatch(
    {
      name: "top_k",
      source,
      overrides: { ROWS: rows, COLS: x.shape[1], K: k, BEST: best, ASIDE: Math.max(MIN_ASIDE, best) },
    },
    [x, chunk, values, indices],
    foldGrid(rows),
  );
}

function expectK(k: number, most: number): void {
  if (!Number.isInteger(k) || k < 1 || k > most) {
    throw new RangeError(`Cannot find the largest values: k must be 1 … ${most}, got ${k}`);
  }
}
