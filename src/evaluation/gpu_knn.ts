import type { PipelineCache } from "../gpu/pipeline.ts";
import { readback } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { byteLength, type DType, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { recordCosineSimilarity } from "../nn/cosine_similarity.ts";
import { MAX_TOP_K, recordTopKMerge, RunningTopK } from "../nn/top_k.ts";
import { Ballot, expectLabels, knnAccuracy, type LabelledEmbeddings } from "./knn.ts";

/** Rows of one replay: similarities take 32 MiB, a chunk of the bank at most 16 MiB. */
export const QUERY_CHUNK = 1024;
const BANK_CHUNK = 8192, BANK_CHUNK_BYTES = 16 * 2 ** 20;
/** Chunks submitted between two waits: what `writeBuffer` has staged is freed by then. */
const CHUNKS_BETWEEN_WAITS = 16;

/**
 * `knnAccuracy` with similarities and nearest rows found on the GPU, in f32; votes are counted here. Where two
 * neighbours' similarities differ by less than f32 tells (about 1e-7), the two may choose differently.
 *
 * More neighbours than the GPU's search keeps (MAX_TOP_K) are found on the CPU.
 *
 * @returns Top-1 accuracy over the queries, 0 … 1.
 * @throws {RangeError} As `knnAccuracy`. @throws What `signal` was aborted with.
 */
export async function knnAccuracyOnGpu(
  pipelines: PipelineCache,
  bank: LabelledEmbeddings,
  queries: LabelledEmbeddings,
  dim: number,
  { k, temperature }: { k: number; temperature: number },
  signal?: AbortSignal,
): Promise<number> {
  expectLabels(bank, queries);
  const bankRows = bank.labels.length, queryRows = queries.labels.length;
  const neighbours = Math.min(k, bankRows);
  if (neighbours > MAX_TOP_K) return knnAccuracy(bank, queries, dim, { k, temperature });
  const ballot = new Ballot(bank.labels, temperature);
  const search = await NeighbourSearch.compile(pipelines, searchShape({ bankRows, queryRows, dim, k }));
  try {
    let correct = 0;
    for (let from = 0; from < queryRows; from += QUERY_CHUNK) {
      const count = Math.min(QUERY_CHUNK, queryRows - from);
      const { indices, values } = await search.find(
        queries.rows.subarray(from * dim, (from + count) * dim),
        bank.rows,
        signal,
      );
      for (let q = 0; q < count; q++) {
        const part = <T extends Uint32Array | Float32Array>(of: T) =>
          of.subarray(q * neighbours, (q + 1) * neighbours);
        if (ballot.winner(part(indices), part(values)) === queries.labels[from + q]) correct++;
      }
    }
    return correct / queryRows;
  } finally {
    search.destroy();
  }
}

export interface KnnSizes {
  bankRows: number;
  queryRows: number;
  dim: number;
  k: number;
}

/**
 * What `knnAccuracyOnGpu` takes while it runs. Allocates nothing.
 *
 * @returns `gpuBytes`: however large the bank, a chunk of it at a time. `hostBytes`: both sides' rows, whole, those of
 *   the caller included; three times that (a copy in float64) where k exceeds what the GPU keeps.
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function knnMemory(
  { device, capabilities }: PipelineCache,
  sizes: KnnSizes,
): { gpuBytes: number; hostBytes: number } {
  const { bankRows, queryRows, dim, k } = sizes, rowBytes = 4 * dim * (bankRows + queryRows);
  if (Math.min(k, bankRows) > MAX_TOP_K) return { gpuBytes: 0, hostBytes: 3 * rowBytes };
  const { neighbours, queryChunk, bankChunk } = searchShape(sizes), recorder = new Recorder(capabilities);
  const sketch = (label: string, shape: number[], dtype: DType = "f32"): Tensor => ({ label, shape, dtype });
  const queries = sketch("knn.queries", [queryChunk, dim]), bank = sketch("knn.bank", [bankChunk, dim]);
  const nearest = {
    values: sketch("top_k.values", [queryChunk, neighbours]),
    indices: sketch("top_k.indices", [queryChunk, neighbours], "u32"),
    chunk: sketch("top_k.chunk", [4], "u32"),
  };
  recordSearch(recorder, queries, bank, nearest);
  const held = [queries, bank, ...Object.values(nearest)].reduce(
    (sum, tensor) => sum + byteLength(tensor),
    0,
  );
  return { gpuBytes: held + recorder.memory(device.limits).bytes, hostBytes: rowBytes };
}

export interface SearchShape {
  dim: number;
  neighbours: number;
  queryChunk: number;
  bankChunk: number;
}

export function searchShape({ bankRows, queryRows, dim, k }: KnnSizes): SearchShape {
  return {
    dim,
    neighbours: Math.min(k, bankRows),
    queryChunk: Math.min(QUERY_CHUNK, queryRows),
    bankChunk: Math.min(BANK_CHUNK, bankRows, Math.max(1, Math.floor(BANK_CHUNK_BYTES / (4 * dim)))),
  };
}

function recordSearch(
  recorder: Recorder,
  queries: Tensor,
  bank: Tensor,
  nearest: Parameters<typeof recordTopKMerge>[2],
): void {
  recordTopKMerge(recorder, recordCosineSimilarity(recorder, "knn", queries, bank), nearest);
}

/** A chunk of queries against a chunk of the bank, recorded once; the nearest are carried from chunk to chunk. */
export class NeighbourSearch {
  private constructor(
    readonly pipelines: PipelineCache,
    readonly shape: SearchShape,
    readonly parts: Awaited<ReturnType<typeof NeighbourSearch.record>>,
  ) {}

  static async compile(pipelines: PipelineCache, shape: SearchShape): Promise<NeighbourSearch> {
    return new NeighbourSearch(pipelines, shape, await NeighbourSearch.record(pipelines, shape));
  }

  private static async record(
    pipelines: PipelineCache,
    { dim, neighbours, queryChunk, bankChunk }: SearchShape,
  ) {
    const { device } = pipelines, recorder = new Recorder(pipelines.capabilities);
    const queries = uploadTensor(device, "knn.queries", [queryChunk, dim], "f32");
    const bank = uploadTensor(device, "knn.bank", [bankChunk, dim], "f32");
    const nearest = new RunningTopK(device, queryChunk, neighbours);
    recordSearch(recorder, queries, bank, nearest);
    return { queries, bank, nearest, plan: await recorder.compile(pipelines) };
  }

  /** @returns The nearest rows of each query, nearest first; rows past the queries given mean nothing. */
  async find(
    queryRows: Float32Array,
    bankRows: Float32Array,
    signal?: AbortSignal,
  ): Promise<{ indices: Uint32Array; values: Float32Array }> {
    const { device } = this.pipelines, { queries, bank, nearest, plan } = this.parts;
    const { dim, bankChunk } = this.shape, total = bankRows.length / dim;
    device.queue.writeBuffer(queries.storage.buffer, 0, Float32Array.from(queryRows));
    for (let first = 0, chunk = 1; first < total; first += bankChunk, chunk++) {
      const count = Math.min(bankChunk, total - first);
      const rows = bankRows.subarray(first * dim, (first + count) * dim) as Float32Array<ArrayBuffer>;
      device.queue.writeBuffer(bank.storage.buffer, 0, rows);
      nearest.writeChunk(first, count);
      plan.replay();
      if (chunk % CHUNKS_BETWEEN_WAITS === 0) {
        await device.queue.onSubmittedWorkDone();
        signal?.throwIfAborted();
      }
    }
    const [values, indices] = await readback(device, [nearest.values, nearest.indices]);
    signal?.throwIfAborted();
    return { indices: new Uint32Array(indices), values: new Float32Array(values) };
  }

  destroy(): void {
    const { queries, bank, nearest, plan } = this.parts;
    for (const { storage } of [queries, bank]) storage.buffer.destroy();
    nearest.destroy();
    plan.destroy();
  }
}
