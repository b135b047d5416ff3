import { createHash } from "node:crypto";
import { join } from "@std/path";
import type { DatasetSummary, DuplicateGroup, RejectedFile } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import { nextImagesOf, removeUnfinished, unfinishedImagesOf } from "./generations.ts";
import { NameFile, NameWriter } from "./name_file.ts";

/**
 * A dataset's images on disk (generations.ts says where); all numbers are little-endian:
 *   shard-00000.bin …   8-bit RGB pixels, image after image
 *   index.bin           32 bytes an image: u32 offset in its shard, u16 shard, u8 split, u8 zero, u16 width, u16 height,
 *                       i32 class (−1 none, −2 the hidden one), 16 bytes of the content's hash
 *   by_split.bin        the images' numbers as u32, ordered by split, then number
 *   by_class.bin        the same, ordered by split, then class, then number
 *   names.bin, .starts  the images' names in the archive (name_file.ts)
 *   rejected.json       files that did not become images
 *   duplicates.json     contents that stand in more than one split
 *   manifest.json       what the numbers mean; written last
 */
/** What is kept, beside the error, of a dataset that failed for its files: a ready one has its own among the images. */
export const REJECTED = "rejected.json";
export const FORMAT = 2;
export const RECORD_BYTES = 32;
export const HASH_BYTES = 16;
const HASH_AT = 16;
/** A side is kept in 16 bits. */
export const MAX_SIDE = 65_535;
const MAX_SPLITS = 256;
export const shardName = (shard: number): string => `shard-${String(shard).padStart(5, "0")}.bin`;
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

/** A new shard is begun past this: one file stays easy to copy, and far from any file system's limit. */
const SHARD_BYTES = 256 * 2 ** 20;

/** Writes a dataset's images into a directory aside, which takes its place only when it is complete and durable. */
export class ShardWriter {
  readonly #temporary: string;
  readonly #names: NameWriter;
  #namesFile: Deno.FsFile | undefined;
  #namesStarts: Uint8Array | undefined;
  #records = new DataView(new ArrayBuffer(1024 * RECORD_BYTES));
  #images = 0;
  #shard: Deno.FsFile | undefined;
  #shardIndex = -1;
  #offset = SHARD_BYTES;

  /**
   * @param dataset The dataset's directory. What an earlier writer left unfinished is removed.
   * @param base The images to go on from: a directory, and its manifest. They stay as they are.
   */
  constructor(readonly dataset: string, base?: { directory: string; manifest: ShardManifest }) {
    this.#temporary = unfinishedImagesOf(dataset);
    removeUnfinished(dataset);
    Deno.mkdirSync(this.#temporary, { recursive: true });
    const file = this.#namesFile = this.#create("names.bin");
    this.#names = new NameWriter((block) => writeAll(file, block));
    if (base) this.#continue(base.directory, base.manifest);
  }

  get images(): number {
    return this.#images;
  }
  /** The images' hashes and splits, for whoever looks for duplicates. */
  hashes(): {
    view: DataView;
    splitOf(n: number): number;
    classOf(n: number): number;
    hashAt(n: number): number;
    sizeOf(n: number): { width: number; height: number };
  } {
    const view = this.#records, at = (n: number) => n * RECORD_BYTES;
    return {
      view,
      sizeOf: (n) => readRecord(view, at(n)),
      splitOf: (n) => view.getUint8(at(n) + 6),
      classOf: (n) => view.getInt32(at(n) + 12, true),
      hashAt: (n) => at(n) + HASH_AT,
    };
  }

  /**
   * @param hash The content's; worked out where it is not given.
   * @throws {RangeError} If a side is past MAX_SIDE; {@link DomainError} if there are more than 256 splits.
   */
  add(path: string, image: RgbImage, split: number, classIndex: number, hash = contentHash(image)): void {
    const { width, height, pixels } = image, bytes = pixels.length, view = this.#room();
    if (Math.max(width, height) > MAX_SIDE) {
      throw new RangeError(`Cannot keep ${path}: a side is at most ${MAX_SIDE}, got ${width}×${height}`);
    }
    if (split >= MAX_SPLITS) {
      throw new DomainError("invalid", `Cannot keep the dataset: it has more than ${MAX_SPLITS} splits`);
    }
    if (this.#offset + bytes > SHARD_BYTES) this.#nextShard();
    writeAll(this.#shard!, pixels);
    this.#names.add(path);
    const at = this.#images++ * RECORD_BYTES;
    view.setUint32(at, this.#offset, true);
    view.setUint16(at + 4, this.#shardIndex, true);
    view.setUint8(at + 6, split);
    view.setUint16(at + 8, width, true);
    view.setUint16(at + 10, height, true);
    view.setInt32(at + 12, classIndex, true);
    new Uint8Array(view.buffer).set(hash.subarray(0, HASH_BYTES), at + HASH_AT);
    this.#offset += bytes;
  }

  /** The names of images that were added. Nothing can be added afterwards. */
  pathsOf(images: Iterable<number>): string[] {
    this.#sealNames();
    const names = openNames(this.#temporary);
    try {
      return Array.from(images, (n) => names.get(n));
    } finally {
      names.close();
    }
  }

  /**
   * Completes the dataset: afterwards, and not before, it can be opened.
   *
   * @param order For each class index given so far, its index in `manifest.classes`, or HIDDEN.
   */
  finish(
    manifest: Omit<ShardManifest, "format" | "images" | "groups">,
    order: number[],
    rejected: RejectedFile[],
    duplicates: DuplicateGroup[] = [],
  ): void {
    this.#closeShard();
    this.#sealNames();
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const view = this.#records, images = this.images;
    const classes = manifest.classes.length + 1, groups = manifest.splits.map(() => Array(classes).fill(0));
    const groupOf = new Uint32Array(images), splitOf = new Uint8Array(images);
    for (let n = 0; n < images; n++) {
      const at = n * RECORD_BYTES, split = view.getUint8(at + 6), given = view.getInt32(at + 12, true);
      const label = given < 0 ? -1 : order[given];
      view.setInt32(at + 12, label, true);
      const group = Math.max(-1, label) + 1;
      groups[split][group]++;
      groupOf[n] = split * classes + group;
      splitOf[n] = split;
    }
    const bySplit = groups.map((counts) => counts.reduce((a, b) => a + b, 0));
    this.#write("index.bin", new Uint8Array(view.buffer, 0, images * RECORD_BYTES));
    this.#write("by_split.bin", orderedBy(splitOf, bySplit));
    this.#write("by_class.bin", orderedBy(groupOf, groups.flat()));
    this.#write(REJECTED, text(rejected));
    this.#write("duplicates.json", text(duplicates));
    const whole: ShardManifest = { format: FORMAT, images, groups, ...manifest };
    this.#write("manifest.json", text(whole));
    syncDirectory(this.#temporary);
    Deno.renameSync(this.#temporary, nextImagesOf(this.dataset));
    syncDirectory(this.dataset);
  }

  /** Removes what was written so far. */
  abandon(): void {
    this.#shard?.close();
    this.#namesFile?.close();
    this.#shard = this.#namesFile = undefined;
    removeUnfinished(this.dataset);
  }

  /** Takes in what is there: shards by link, the index and the names by copy. Given classes are the manifest's, then the hidden one. */
  #continue(directory: string, { images, classes }: ShardManifest): void {
    const index = Deno.readFileSync(join(directory, "index.bin"));
    const view = this.#records = new DataView(
      new ArrayBuffer(Math.max(2 * index.length, 1024 * RECORD_BYTES)),
    );
    new Uint8Array(view.buffer).set(index);
    const names = openNames(directory);
    for (let n = 0; n < images; n++) {
      const at = n * RECORD_BYTES + 12;
      if (view.getInt32(at, true) === HIDDEN) view.setInt32(at, classes.length, true);
      this.#names.add(names.get(n));
    }
    names.close();
    this.#images = images;
    this.#shardIndex = readRecord(view, (images - 1) * RECORD_BYTES).shard;
    for (let shard = 0; shard <= this.#shardIndex; shard++) {
      const [from, to] = [directory, this.#temporary].map((folder) => join(folder, shardName(shard)));
      try {
        Deno.linkSync(from, to);
      } catch { // a file system without hard links
        Deno.copyFileSync(from, to);
      }
    }
  }

  #room(): DataView {
    const { buffer } = this.#records;
    if ((this.#images + 1) * RECORD_BYTES > buffer.byteLength) {
      this.#records = new DataView((buffer as ArrayBuffer).transfer(2 * buffer.byteLength));
    }
    return this.#records;
  }
  #sealNames(): void {
    if (this.#namesStarts) return;
    this.#namesStarts = this.#names.finish();
    this.#namesFile?.syncSync();
    this.#namesFile?.close();
    this.#namesFile = undefined;
    this.#write("names.starts", this.#namesStarts);
  }
  #nextShard(): void {
    this.#closeShard();
    this.#offset = 0;
    this.#shard = this.#create(shardName(++this.#shardIndex));
  }
  #closeShard(): void {
    this.#shard?.syncSync();
    this.#shard?.close();
    this.#shard = undefined;
  }
  #create(name: string): Deno.FsFile {
    return Deno.openSync(join(this.#temporary, name), { write: true, createNew: true });
  }
  #write(name: string, bytes: Uint8Array): void {
    using file = this.#create(name);
    writeAll(file, bytes);
    file.syncSync();
  }
}

/** The numbers 0 … as u32, by counting sort: those of group 0 in order, then those of group 1, and so on. */
function orderedBy(groupOf: Uint8Array | Uint32Array, counts: number[]): Uint8Array {
  const next: number[] = [];
  counts.reduce((start, count, group) => (next[group] = start) + count, 0);
  const numbers = new DataView(new ArrayBuffer(4 * groupOf.length));
  for (let n = 0; n < groupOf.length; n++) numbers.setUint32(4 * next[groupOf[n]]++, n, true);
  return new Uint8Array(numbers.buffer);
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** Without this a crash may lose the names of files that are themselves safe. */
export function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  directory.syncSync();
}
