import { DomainError } from "../domain/errors.ts";
import type { Neighbor } from "../domain/neighbors.ts";
import { searchNeighbors } from "../evaluation/neighbor_search.ts";
import type { Request } from "../ipc/messages.ts";
import type { NeighborIndexes, ResidentIndex } from "./neighbor_indexes.ts";
import type { DatasetReader } from "../data/dataset_reader.ts";

/**
 * Answers a `neighbors` request.
 *
 * @param payload The f32 embeddings of those of its queries that are no items.
 * @returns Each query's neighbours.
 * @throws {DomainError} As `NeighborIndexes.use`; `invalid` for an item that there is not, or a split.
 */
export async function answerNeighbors(
  indexes: NeighborIndexes,
  { key, k, split, items }: Extract<Request, { type: "neighbors" }>,
  payload: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Neighbor[][]> {
  const reader = indexes.openDataset(key);
  try {
    return await indexes.use(key, (index) =>
      indexes.options.serial.run(async () => {
        signal.throwIfAborted(); // whoever asked went away while this waited
        const { file, bank } = index, given = new Float32Array(payload.buffer), { dim } = file;
        let at = 0;
        const queries = items.map((item) => {
          if (item === null) return given.subarray(at, at += dim);
          if (item < file.rows) return file.row(item);
          throw new DomainError("invalid", `Cannot search: there is no item ${item}, of ${file.rows}`);
        });
        const isOfSplit = split === undefined ? undefined : splitMask(index, reader, split);
        const found = await searchNeighbors(bank, file, queries, {
          ...{ k, signal },
          eligible: (query, row) => items[query] !== row && (!isOfSplit || isOfSplit[row] === 1),
        });
        return found.map((near) =>
          near.map(({ row, cosine }) => {
            const { n, path, split, class: label } = reader.entry(row);
            return { n, path, split, class: label, similarity: cosine, distance: 1 - cosine };
          })
        );
      }));
  } finally {
    reader.close();
  }
}

function splitMask({ splits, file }: ResidentIndex, reader: DatasetReader, split: string): Uint8Array {
  let mask = splits.get(split);
  if (!mask) {
    if (!reader.splits.includes(split)) {
      throw new DomainError(
        "invalid",
        `Cannot search the split ${split}: there are ${reader.splits.join(", ")}`,
      );
    }
    mask = new Uint8Array(file.rows);
    for (const n of reader.items(split)) mask[n] = 1;
    splits.set(split, mask);
  }
  return mask;
}
