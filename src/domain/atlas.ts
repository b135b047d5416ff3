/** Thumbnails of an atlas, and in a row of it: at 64 pixels each its side is 2048, which every WebGL binds. */
export const ATLAS_IMAGES = 1024, ATLAS_COLUMNS = 32;
/** A thumbnail's sides. */
export const MIN_THUMBNAIL = 16, MAX_THUMBNAIL = 64;

/** A dataset as it was when it had this fingerprint. */
export interface DatasetVersion {
  dataset: string;
  fingerprint: string;
}

/** Splits and classes of all images, in the order of their numbers. */
export interface DatasetColumns {
  splits: readonly string[];
  classes: readonly string[];
  /** By number of `splits`. */
  split: Uint8Array<ArrayBuffer>;
  /** By number of `classes`, −1 for none; of 32 bits where 16 do not count them. */
  class: Int16Array<ArrayBuffer> | Int32Array<ArrayBuffer>;
}

/** Looks through whole datasets, elsewhere than on the calling thread. */
export interface DatasetOverview {
  /** @throws {DomainError} `conflict`, type `dataset_changed`, if the dataset is another by now. */
  columns(version: DatasetVersion, signal?: AbortSignal): Promise<DatasetColumns>;
  /**
   * A WebP of images' middle squares, ATLAS_COLUMNS a row, the first of which is number `n * ATLAS_IMAGES`; kept for a while.
   *
   * @param px A thumbnail's width and height. @throws {DomainError} As `columns`; `not_found` past the last image.
   */
  atlas(
    version: DatasetVersion,
    n: number,
    px: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>>;
}
