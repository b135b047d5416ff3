import type { NeighborIndexKey } from "./neighbors.ts";

/** Principal components that are kept of embeddings, where they have as many dimensions: what UMAP begins with. */
export const MAX_COMPONENTS = 50;

/** What is told of a projection: embeddings less their mean, along the axes in which they vary most. */
export interface ProjectionFacts {
  /** Images. */
  rows: number;
  /** Of the embeddings. */
  dim: number;
  /** How many are kept. */
  components: number;
  /** Of each component, the largest first: variance with n − 1 below, as scikit-learn has it, and its share of all. */
  explained_variance: number[];
  explained_variance_ratio: number[];
  /** Of the embeddings. */
  mean: number[];
  /** Of the values, in hex. */
  sha256: string;
}

/** How far a projection is that is being made. */
export interface ProjectionProgress {
  stage: "waiting" | "embedding" | "projecting";
  /** Images, of this stage. */
  done: number;
  total: number;
  eta_s: number | null;
}

/** A projection on disk. */
export interface KeptProjection extends ProjectionFacts {
  /** The first so many components of all images, `[rows, components]` f32, little-endian, row after row. */
  values(components: number): ReadableStream<Uint8Array<ArrayBuffer>>;
}
export interface ProjectionLibrary {
  /** @returns Undefined where there is none. */
  open(key: NeighborIndexKey): Promise<KeptProjection | undefined>;
}

/** Has projections made elsewhere (the embedding worker's process). */
export interface Projector {
  /**
   * Has a projection made and waits a moment for it; it is given up once nobody has asked for a while.
   *
   * @returns How far it is; undefined once it is there.
   * @throws {DomainError} As `NeighborFinder.find`.
   */
  make(key: NeighborIndexKey, signal?: AbortSignal): Promise<ProjectionProgress | undefined>;
}
