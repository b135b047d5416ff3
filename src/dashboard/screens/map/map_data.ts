import type { Schemas } from "../../../client/client.ts";
import { pause } from "../../live/pause.ts";
import { calls, dataOf } from "../../live/session.ts";
import { type FloatTable, readNpy } from "./npy.ts";

/** How points are placed: by the server, or on the page. */
export type Layout = "pca" | "umap";

export interface MapData {
  dataset: string;
  model: string;
  checkpoint: string;
  fingerprint: string;
  items: number;
  /** Of the embeddings. */
  dim: number;
  /** The first two principal components of each image, x and y in turn. */
  positions: Float32Array<ArrayBuffer>;
  /** Of those two, the share of all variance. */
  explained: number[];
  splits: string[];
  classes: string[];
  split: Uint8Array;
  class: Int16Array | Int32Array;
}
export type ProjectionProgress = Pick<Schemas["ProjectionInTheMaking"], "stage" | "done" | "total" | "eta_s">;

/** What UMAP begins with: more components are noise, as a rule, and the server keeps no more. */
const UMAP_COMPONENTS = 50;
const PAUSE_MS = 1000;

/**
 * A dataset's projection and columns; waits for the projection while it is made.
 *
 * @param onProgress Called with each answer that is not the last.
 * @throws {Refused} Whatever else the server says.
 */
export async function loadMap(
  dataset: string,
  model: string,
  signal: AbortSignal,
  onProgress: (progress: ProjectionProgress) => void,
): Promise<MapData> {
  const path = { id: dataset };
  for (;;) {
    const params = { path, query: { model, components: 2 } };
    const projection = await dataOf(
      calls().GET("/v1/datasets/{id}/projection", { params, signal }),
    ) as Schemas["Projection"] | Schemas["ProjectionInTheMaking"];
    if (projection.status === "computing") {
      onProgress(projection);
      await pause(PAUSE_MS, signal);
      continue;
    }
    const { checkpoint, fingerprint, items, dim, explained_variance_ratio: explained } = projection;
    const [{ values }, columns] = await Promise.all([
      components(dataset, model, 2, signal),
      dataOf(
        calls().GET("/v1/datasets/{id}/columns", { params: { path, query: { fingerprint } }, signal }),
      ) as Promise<Schemas["DatasetColumns"]>,
    ]);
    const ofClass = bytesOf(columns.class.data).buffer;
    return {
      ...{ dataset, model, checkpoint, fingerprint, items, dim, positions: values, explained },
      ...{ splits: columns.splits, classes: columns.classes, split: bytesOf(columns.split.data) },
      class: columns.class.dtype === "int16" ? new Int16Array(ofClass) : new Int32Array(ofClass),
    };
  }
}

/** What UMAP is made of: as many components as there are, 50 at most. */
export const umapInput = ({ dataset, model, dim }: MapData, signal: AbortSignal): Promise<FloatTable> =>
  components(dataset, model, Math.min(UMAP_COMPONENTS, dim), signal);

async function components(
  dataset: string,
  model: string,
  count: number,
  signal: AbortSignal,
): Promise<FloatTable> {
  const params = { path: { id: dataset }, query: { model, components: count } };
  const { data } = await calls().GET("/v1/datasets/{id}/projection", {
    ...{ params, headers: { Accept: "application/x-npy" }, parseAs: "arrayBuffer", signal },
  });
  return readNpy(data as ArrayBuffer);
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
