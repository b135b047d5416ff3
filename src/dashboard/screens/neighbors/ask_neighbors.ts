import { Refused, type Schemas } from "../../../client/client.ts";
import { pause } from "../../live/pause.ts";
import { calls, dataOf } from "../../live/session.ts";
import type { Neighbor } from "./compare_ranks.ts";

/** How far the dataset's embeddings are; undefined while nobody knows. */
export type IndexProgress = Schemas["Problem"]["progress"];

/** What is looked for: an image of the dataset, or a file of the reader's own. */
export type Wanted = { item: number } | { file: Blob };
export interface Search {
  dataset: string;
  model: string;
  k: number;
  split?: string;
  wanted: Wanted;
}

/** Longer than that nobody waits to see a bar move. */
const LONGEST_PAUSE_MS = 1500;

/**
 * The nearest of one image; waits for the dataset's embeddings while they are made.
 *
 * @param onProgress Called with each answer that is not the last, and how far the embeddings were.
 * @throws {Refused} Whatever else the server says.
 */
export async function askNeighbors(
  { dataset, model, k, split, wanted }: Search,
  signal: AbortSignal,
  onProgress: (progress: IndexProgress) => void,
): Promise<Neighbor[]> {
  for (;;) {
    try {
      const answer = "item" in wanted
        ? await dataOf(
          calls().POST("/v1/neighbors", {
            ...{ body: { dataset, model, k, split, input: { item: wanted.item } }, signal },
          }),
        )
        : await dataOf(
          calls().POST("/v1/neighbors", {
            params: { query: { dataset, model, k, split } },
            headers: { "Content-Type": wanted.file.type },
            ...{ body: wanted.file as never, bodySerializer: (bytes: unknown) => bytes as BodyInit, signal },
          }),
        );
      return answer.data[0].neighbors;
    } catch (error) {
      if (!isInTheMaking(error)) throw error;
      onProgress(error.problem!.progress);
      const asked = 1000 * Number(error.response.headers.get("Retry-After") ?? 1);
      await pause(Math.min(LONGEST_PAUSE_MS, asked), signal);
    }
  }
}

const isInTheMaking = (error: unknown): error is Refused =>
  error instanceof Refused && error.problem?.error.code === "index_in_the_making";
