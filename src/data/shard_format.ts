import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { DatasetSummary } from "../domain/dataset.ts";
import type { RgbImage } from "../domain/image.ts";
import { NameFile } from "./name_file.ts";

/**
 * A dataset's images on disk (generations.ts says where); all numbers are little-endian:
 *   shard-00000.bin …   8-bit RGB pixels, image after image
 *   index.bin           32 bytes an image: u32 offset in its shard, u16 shard, u8 split, u8 zero, u16 width, u16 height,
 *                       i32 class (−1 none, −2 the hidden one), 16 bytes of the content's hash
 *   by_split.bin        the images' numbers as u32, ordered by split, then number
 *   by_class.bin        the same, ordered by split, then class, then number
 *   names.bin, .starts  the images' names in the archive (name_file.ts)
 *   rejected.json       files that did not become images
 *   originals.bin …     the images' files as they came, where they are kept (originals.ts)
 *   duplicates.json     contents that stand in more than one split
 *   manifest.json       what the numbers mean; written last
 */
/** What is kept, beside the error, of a dataset that failed for its files: a ready one has its own among the images. */
export const REJECTED = "rejected.json";
/** The kind of shard that pixels are in. */
export const PIXELS = "shard";
export const FORMAT = 2;
export const RECORD_BYTES = 32;
export const HASH_BYTES = 16;
export const HASH_AT = 16;
/** A side is kept in 16 bits. */
export const MAX_SIDE = 65_535;
export const MAX_SPLITS = 256;
export const openNames = (directory: string): NameFile =>
  new NameFile(join(directory, "names.bin"), join(directory, "names.starts"));

export interface ShardManifest {
  format: typeof FORMAT;
  images: number;
  splits: string[];
  classes: string[];
  /** Images of each split: of no class, then of each class. Where each begins in `by_class.bin` follows. */
  groups: number[][];
  summary: DatasetSummary;
  /** What was done to images that were larger; absent where nothing was asked. */
  resize?: { short_side: number; method: "bicubic, antialiased"; images: number };
  /** What it takes to add a part; absent where none can be. */
  parts?: {
    /** How many are in. */
    taken: number;
    /** Sums over each split's pixels, of each channel's 8-bit values and of their squares. */
    sums: ChannelTotals[];
    /** The one folder that is no class yet, and would be one beside another; with its images in each split. */
    hidden?: { class: string; images: number[] };
  };
}
export interface ChannelTotals {
  sum: number[];
  squares: number[];
  pixels: number;
}
/** One image's place. `split` and `class` index the manifest's lists; class −1 is none. */
export interface ImageRecord {
  shard: number;
  split: number;
  offset: number;
  class: number;
  width: number;
  height: number;
}
export function readRecord(view: DataView, at: number): ImageRecord {
  return {
    offset: view.getUint32(at, true),
    shard: view.getUint16(at + 4, true),
    split: view.getUint8(at + 6),
    width: view.getUint16(at + 8, true),
    height: view.getUint16(at + 10, true),
    class: Math.max(-1, view.getInt32(at + 12, true)),
  };
}

/** The class of an image of the hidden folder, in the index. */
export const HIDDEN = -2;

/** SHA-256 of an image's width and height and of the SHA-256 of its pixels. */
export const contentHash = (
  { width, height, pixels }: RgbImage,
  pixelsHash = createHash("sha256").update(pixels).digest("hex"),
): Uint8Array => createHash("sha256").update(`${width}x${height} ${pixelsHash}`).digest();
