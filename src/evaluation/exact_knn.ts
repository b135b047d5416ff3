import type { PipelineCache } from "../gpu/pipeline.ts";
import { MAX_TOP_K } from "../nn/top_k.ts";
import { knnMemory, NeighbourSearch, QUERY_CHUNK, searchShape } from "./gpu_knn.ts";
import { Ballot, expectLabels, type LabelledEmbeddings } from "./knn.ts";

/** The most that a rounding to f32 adds to a number, of itself. */
const ROUNDOFF = 2 ** -24;
/** Work on the CPU between two looks at what else there is to do, such as telling that the worker lives. */
const TURN_MS = 50;

/**
 * k-NN classification as `knnAccuracy` has it, to the last vote, for several k at once. Cosines in f32 on the GPU find all
 * rows that may be the nearest; float64 decides between them, and of a query that they leave open looks at all rows.
 *
 * @param ks Neighbours that vote; all of the bank where it holds fewer.
 * @param judged Told how many more queries are done.
 * @returns For each k, in order, the class that each query is given.
 * @throws {RangeError} As `knnAccuracy`. @throws What `signal` was aborted with.
 */
export async function classifyByNeighbours(
  pipelines: PipelineCache,
  bank: LabelledEmbeddings,
  queries: LabelledEmbeddings,
  dim: number,
  { ks, temperature }: { ks: readonly number[]; temperature: number },
  signal: AbortSignal,
  judged?: (count: number) => void,
): Promise<Int32Array[]> {
  expectLabels(bank, queries);
  const bankRows = bank.labels.length, queryRows = queries.labels.length;
  const k = Math.min(Math.max(...ks), bankRows), sought = soughtOf(k, bankRows);
  const slack = 1.01 * (dim + 16) * ROUNDOFF; // of products of unit length and their sum, in whatever order
  const ballot = new Ballot(bank.labels, temperature), exact = new Cosines(bank.rows, dim);
  const given = ks.map(() => new Int32Array(queryRows));
  const search = k <= sought
    ? await NeighbourSearch.compile(pipelines, searchShape({ bankRows, queryRows, dim, k: sought }))
    : undefined;
  let turn = performance.now();
  try {
    for (let from = 0; from < queryRows; from += QUERY_CHUNK) {
      const count = Math.min(QUERY_CHUNK, queryRows - from);
      const found = await search?.find(
        queries.rows.subarray(from * dim, (from + count) * dim),
        bank.rows,
        signal,
      );
      for (let q = 0; q < count; q++) {
        exact.of(queries.rows.subarray((from + q) * dim, (from + q + 1) * dim));
        const candidates = found?.indices.subarray(q * sought, (q + 1) * sought);
        let nearest = candidates && exact.nearest(candidates, k);
        // What was not found is no nearer than the last that was, so far as f32 tells.
        const last = found?.values[(q + 1) * sought - 1] ?? Infinity;
        if (!nearest || (sought < bankRows && nearest.cosines[k - 1] <= last + slack)) {
          nearest = exact.nearest(undefined, k);
        }
        const { rows, cosines } = nearest;
        for (const [i, one] of ks.entries()) {
          given[i][from + q] = ballot.winner(rows.subarray(0, one), cosines.subarray(0, one));
        }
        if (performance.now() - turn < TURN_MS) continue;
        await new Promise((resolve) => setTimeout(resolve));
        signal.throwIfAborted();
        turn = performance.now();
      }
      judged?.(count);
    }
    return given;
  } finally {
    search?.destroy();
  }
}

/** Neighbours that the GPU is asked for, so that those that are the nearest in truth are among them. */
const soughtOf = (k: number, bankRows: number): number => Math.min(2 * k + 256, MAX_TOP_K, bankRows);

/**
 * Bytes of GPU memory that `classifyByNeighbours` takes while it runs. Allocates nothing.
 *
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function classifyMemory(
  pipelines: PipelineCache,
  { ks, bankRows, ...sizes }: { ks: readonly number[]; bankRows: number; queryRows: number; dim: number },
): number {
  const k = Math.min(Math.max(...ks), bankRows), sought = soughtOf(k, bankRows);
  return k <= sought ? knnMemory(pipelines, { ...sizes, bankRows, k: sought }).gpuBytes : 0;
}

/** Cosines of one row after another with those of a bank, in float64. */
class Cosines {
  readonly #inverse: Float64Array;
  #query: Float32Array = new Float32Array();

  constructor(readonly rows: Float32Array, readonly dim: number) {
    this.#inverse = new Float64Array(rows.length / dim);
    for (let n = 0; n < this.#inverse.length; n++) {
      this.#inverse[n] = inverseLength(rows.subarray(n * dim, (n + 1) * dim));
    }
  }

  /** From now on of this row. */
  of(query: Float32Array): void {
    this.#query = query;
  }

  /** The k nearest of some rows, or of all; nearest first, of equally near ones the earlier. */
  nearest(candidates: Uint32Array | undefined, k: number): { rows: Uint32Array; cosines: Float64Array } {
    const { dim, rows } = this, query = this.#query, scale = inverseLength(query);
    const count = candidates?.length ?? this.#inverse.length, cosines = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      const n = candidates ? candidates[i] : i;
      let dot = 0;
      for (let d = 0, b = n * dim; d < dim; d++, b++) dot += query[d] * rows[b];
      cosines[i] = dot * scale * this.#inverse[n];
    }
    const rowOf = (i: number) => candidates ? candidates[i] : i;
    const order = Uint32Array.from(cosines, (_, i) => i)
      .sort((a, b) => cosines[b] - cosines[a] || rowOf(a) - rowOf(b)).subarray(0, k);
    return { rows: order.map(rowOf), cosines: Float64Array.from(order, (i) => cosines[i]) };
  }
}

/** As `knnAccuracy` scales rows. */
function inverseLength(row: Float32Array): number {
  let squares = 0;
  for (const v of row) squares += v * v;
  return 1 / Math.sqrt(Math.max(squares, 1e-12));
}
