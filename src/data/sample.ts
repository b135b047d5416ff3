import type { RejectedFile } from "../domain/dataset.ts";
import type { RgbImage } from "../domain/image.ts";
import type { PathMeaning } from "./image_path.ts";

/**
 * A file that is no image, and why. One that is `skipped` is not held against the upload: it was never to be an image, or
 * is not there at all.
 */
export type SkippedFile = RejectedFile & { skipped?: true };
/** One image of an upload, encoded or already pixels, with what is known of it; or a file that is none, and why. */
export type Sample =
  | { path: string; meaning: PathMeaning; bytes: Uint8Array<ArrayBuffer> }
  | { path: string; meaning: PathMeaning; image: RgbImage }
  | SkippedFile;
