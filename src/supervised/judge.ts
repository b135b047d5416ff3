/** How right the classifier is on images, each 0 … 1; by running statistics, without augmentation. */
export interface Scores {
  top1: number;
  top5: number;
  mean_per_class: number;
  per_class: (number | null)[];
  images: number;
}
/** Judges the classifier as it stands; holds memory of the GPU. */
export interface Judge {
  bytes: number;
  /** Takes that memory. @throws {OutOfMemoryError} If the device has not got it. */
  prepare(): Promise<void>;
  /** @param outputs As `outputsOf` gives them. @throws What `signal` was aborted with. */
  scores(items: Uint32Array, outputs: Uint32Array, signal: AbortSignal): Promise<Scores>;
  destroy(): void;
}
