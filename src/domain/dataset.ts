export const DATASET_STATUSES = ["ingesting", "ready", "failed"] as const;
export type DatasetStatus = typeof DATASET_STATUSES[number];

/** How an upload is laid out. `cifar10` is CIFAR's binary version, of 10 or of 100 classes. */
export const DATASET_FORMATS = ["imagefolder", "webdataset", "cifar10", "parquet"] as const;
export type DatasetFormat = typeof DATASET_FORMATS[number];

export interface SplitSummary {
  images: number;
  /** Images by class name; empty where the split is unlabelled. */
  classes: Record<string, number>;
}
/** How a dataset is to be made of its archive. */
export interface DatasetSettings {
  /** Images whose shorter side is longer than this are shrunk to it; others are kept as they are. */
  short_side: number;
  /** The share of files that may be rejected; with more the dataset fails. What is only skipped does not count. */
  max_rejected: number;
  /** Whether the images' files are kept as they came, beside their pixels; false by default. */
  originals?: boolean;
  /** What the upload is to be read as; told by its bytes where it is not given. */
  format?: DatasetFormat;
}
export const DEFAULT_SETTINGS: DatasetSettings = { short_side: 256, max_rejected: 0.01 };

/** Images whose stored pixels, width and height are equal. */
export interface DuplicateSummary {
  /** Images that repeat an earlier one of their own split. */
  within: number;
  /** Contents that stand in more than one split. */
  across: number;
  /** Those by where they stand: the most frequent first, twenty at most. */
  across_with_labels: { labels: { split: string; class: string | null }[]; contents: number }[];
}
/** A content that stands in more than one split. */
export interface DuplicateGroup {
  images: number;
  /** The first image of each split and class that has it, twenty at most. */
  items: { n: number; path: string; split: string; class: string | null }[];
}
/** Something that is allowed, and hardly meant; or a part that could not be taken in. */
export interface DatasetWarning {
  code: "degenerate_dataset" | "part_failed";
  message: string;
}
/** How far an ingest has come. */
export interface DatasetProgress {
  images: number;
  rejected: number;
  bytes_read: number;
  bytes_total: number;
  images_per_s: number;
  eta_s: number | null;
}

/** What ingest has found out once an archive is through. Means and deviations are of channel values in [0, 1]. */
export interface DatasetSummary {
  counts: { images: number; rejected: number; bytes: number };
  splits: Record<string, SplitSummary>;
  channel_mean: [number, number, number] | null;
  channel_std: [number, number, number] | null;
  /** `sha256:` and the hash over every image's split, class, size and content, in order. */
  fingerprint: string | null;
  duplicates: DuplicateSummary | null;
  warnings: DatasetWarning[];
}
export interface Dataset extends DatasetSummary {
  id: string;
  object: "dataset";
  name: string;
  status: DatasetStatus;
  settings: DatasetSettings;
  /** While it is being ingested. */
  progress?: DatasetProgress;
  created_at: string;
  error?: { code: string; message: string };
}
/** A file of an archive that did not become an image. */
export interface RejectedFile {
  path: string;
  reason: string;
}
/** How many files were rejected for the same reason. */
export interface RejectedReason {
  reason: string;
  files: number;
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
