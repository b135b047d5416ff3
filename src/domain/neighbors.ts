import type { DatasetItem } from "./dataset.ts";

/** As many as one input may ask for, … */
export const MAX_NEIGHBORS = 1000;
/** … as many inputs as one request may have, and as many neighbours as it may ask for in all. */
export const MAX_NEIGHBOR_INPUTS = 64, MAX_NEIGHBORS_IN_ALL = 8192;

/** Whose embeddings are searched: what a checkpoint makes of a dataset, as it was when it had this fingerprint. */
export interface NeighborIndexKey {
  checkpoint: string;
  dataset: string;
  /** `sha256:` and hex, as datasets have it. */
  fingerprint: string;
}
/** What is looked for: images of the dataset by their numbers, or embeddings by the same checkpoint. */
export type NeighborQuery = { item: number } | { embedding: Float32Array };
export interface NeighborSearch extends NeighborIndexKey {
  queries: readonly NeighborQuery[];
  /** At most MAX_NEIGHBORS. */
  k: number;
  /** The split that is searched; all of them if there is none. */
  split?: string;
}
/** An image of the dataset; `similarity` is the cosine with what was asked for, −1 … 1, and `distance` 1 less that. */
export interface Neighbor extends Pick<DatasetItem, "n" | "path" | "split" | "class"> {
  similarity: number;
  distance: number;
}

/** Finds neighbours elsewhere (the embedding worker's process). */
export interface NeighborFinder {
  /**
   * Exactly the k nearest of each query, nearest first, of equally near ones the lower number; fewer where there are not
   * as many. An image of the dataset that is asked for is no neighbour of its own.
   *
   * @throws {DomainError} `unavailable`, type `index_in_the_making`, while the embeddings are not there yet, with how far
   *   they are; they go on being made. `conflict` if the dataset is another by now; `invalid`, types `index_too_large` and
   *   `embeddings_not_finite`; what embedding throws.
   */
  find(search: NeighborSearch, signal?: AbortSignal): Promise<Neighbor[][]>;
}

/** Indexes that are kept: embeddings of whole datasets. */
export interface NeighborIndexLibrary {
  /** All that are there, and those in the making. */
  list(): Promise<{ name: string; checkpoint: string; fingerprint: string }[]>;
  /** Removes what was not finished. To be called before anything is made. */
  sweep(): Promise<void>;
  /** None there is no mistake. */
  remove(name: string): Promise<void>;
}
