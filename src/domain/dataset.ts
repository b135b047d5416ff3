export const DATASET_STATUSES = ["ingesting", "ready", "failed"] as const;
export type DatasetStatus = typeof DATASET_STATUSES[number];

export interface SplitSummary {
  images: number;
  /** Images by class name; empty where the split is unlabelled. */
  classes: Record<string, number>;
}
/** What ingest has found out once an archive is through. Means and deviations are of channel values in [0, 1]. */
export interface DatasetSummary {
  counts: { images: number; rejected: number; bytes: number };
  splits: Record<string, SplitSummary>;
  channel_mean: [number, number, number] | null;
  channel_std: [number, number, number] | null;
  /** `sha256:` and the hash over every image's split, class and pixel hash, in order. */
  fingerprint: string | null;
}
export interface Dataset extends DatasetSummary {
  id: string;
  object: "dataset";
  name: string;
  status: DatasetStatus;
  created_at: string;
  error?: { code: string; message: string };
}
/** A file of an archive that did not become an image. */
export interface RejectedFile {
  path: string;
  reason: string;
}
/** One image's entry, as `GET /v1/datasets/{id}/items` lists it. `n` is its place in the dataset. */
export interface DatasetItem {
  n: number;
  path: string;
  split: string;
  class: string | null;
  width: number;
  height: number;
}
