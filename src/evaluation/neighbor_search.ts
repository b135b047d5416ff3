import { Candidates, cosineOf, type Near, Nearest } from "./nearest.ts";
import type { NeighborBank } from "./neighbor_bank.ts";

/** The rows of a bank as they were, which decide between those that may be the nearest. */
export interface StoredRows {
  row(n: number): Float32Array;
  stretches(): AsyncIterable<{ first: number; values: Float32Array }>;
}

/**
 * The k rows that are nearest to each query by cosine similarity, exactly, as far as float64 tells: cosines on the GPU find
 * all that may be, and float64 decides between them. Of equally near rows the lower number is the nearer.
 *
 * @param queries Each of the bank's dim, finite.
 * @param options.eligible Whether a row may be a neighbour of a query; all may, if not given.
 * @returns Nearest first; fewer than k where so many are not eligible.
 * @throws What `signal` was aborted with.
 */
export async function searchNeighbors(
  bank: NeighborBank,
  stored: StoredRows,
  queries: readonly Float32Array[],
  { k, eligible = () => true, signal }: {
    k: number;
    eligible?: (query: number, row: number) => boolean;
    signal?: AbortSignal;
  },
): Promise<Near[][]> {
  const all = new Float32Array(queries.length * bank.dim);
  for (const [q, query] of queries.entries()) all.set(query, q * bank.dim);
  const candidates = queries.map(() => new Candidates(k, bank.slack));
  for await (const { query, queries: count, first, values, stride } of bank.cosines(all)) {
    signal?.throwIfAborted();
    const rows = values.length / stride;
    for (let q = 0; q < count; q++) {
      const mine = candidates[query + q];
      for (let r = 0, at = q; r < rows; r++, at += stride) {
        if (values[at] >= mine.floor && eligible(query + q, first + r)) mine.offer(first + r, values[at]);
      }
    }
  }
  const found: Near[][] = [];
  for (const [q, query] of queries.entries()) {
    const rows = candidates[q].rows(), nearest = new Nearest(k);
    if (rows) { for (const n of rows) nearest.add(n, cosineOf(query, stored.row(n))); }
    else {
      // More are as near as halves tell than are worth choosing from: all of them are looked at.
      for await (const { first, values } of stored.stretches()) {
        signal?.throwIfAborted();
        for (let r = 0; r < values.length / bank.dim; r++) {
          if (!eligible(q, first + r)) continue;
          nearest.add(first + r, cosineOf(query, values.subarray(r * bank.dim, (r + 1) * bank.dim)));
        }
      }
    }
    found.push(nearest.list());
  }
  return found;
}
