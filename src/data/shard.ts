import { join } from "@std/path";
import type { DatasetSummary, RejectedFile } from "../domain/dataset.ts";
import type { RgbImage } from "../domain/image.ts";

/**
 * A dataset's images on disk, under `<dataset>/images`:
 *   shard-00000.bin …   8-bit RGB pixels, image after image
 *   index.bin           32 bytes an image, little-endian: u32 shard, u32 split, f64 offset, i32 class, u32 width, u32
 *                       height, u32 zero
 *   paths.json          the images' names in the archive, in order
 *   rejected.json       files that did not become images
 *   manifest.json       what the numbers mean; written last
 */
export const IMAGES = "images";
export const RECORD_BYTES = 32;
export const shardName = (shard: number): string => `shard-${String(shard).padStart(5, "0")}.bin`;

export interface ShardManifest {
  format: 1;
  images: number;
  splits: string[];
  classes: string[];
  summary: DatasetSummary;
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

/** A new shard is begun past this: one file stays easy to copy, and far from any file system's limit. */
const SHARD_BYTES = 256 * 2 ** 20;

/** Writes a dataset's images into a directory aside, which takes its place only when it is complete and durable. */
export class ShardWriter {
  readonly #temporary: string;
  readonly #paths: string[] = [];
  readonly #records: ImageRecord[] = [];
  #shard: Deno.FsFile | undefined;
  #shardIndex = -1;
  #offset = SHARD_BYTES;

  /** @param dataset The dataset's directory. What an earlier writer left is removed. */
  constructor(readonly dataset: string) {
    this.#temporary = join(dataset, `${IMAGES}.tmp`);
    removeTree(this.#temporary);
    removeTree(join(dataset, IMAGES));
    Deno.mkdirSync(this.#temporary, { recursive: true });
  }

  get images(): number {
    return this.#records.length;
  }

  add(path: string, image: RgbImage, split: number, classIndex: number): void {
    const bytes = image.pixels.length;
    if (this.#offset + bytes > SHARD_BYTES) this.#nextShard();
    writeAll(this.#shard!, image.pixels);
    this.#paths.push(path);
    this.#records.push({
      ...{ shard: this.#shardIndex, split, offset: this.#offset, class: classIndex },
      ...{ width: image.width, height: image.height },
    });
    this.#offset += bytes;
  }

  /**
   * Completes the dataset: afterwards, and not before, it can be opened.
   *
   * @param order For each class index given so far, its index in `manifest.classes`, or −1 for none.
   */
  finish(
    manifest: Omit<ShardManifest, "format" | "images">,
    order: number[],
    rejected: RejectedFile[],
  ): void {
    this.#closeShard();
    const index = new DataView(new ArrayBuffer(this.#records.length * RECORD_BYTES));
    for (const [i, record] of this.#records.entries()) {
      const at = i * RECORD_BYTES;
      index.setUint32(at, record.shard, true);
      index.setUint32(at + 4, record.split, true);
      index.setFloat64(at + 8, record.offset, true);
      index.setInt32(at + 16, record.class < 0 ? -1 : order[record.class], true);
      index.setUint32(at + 20, record.width, true);
      index.setUint32(at + 24, record.height, true);
    }
    const text = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    this.#write("index.bin", new Uint8Array(index.buffer));
    this.#write("paths.json", text(this.#paths));
    this.#write("rejected.json", text(rejected));
    this.#write(
      "manifest.json",
      text({ format: 1, images: this.images, ...manifest } satisfies ShardManifest),
    );
    syncDirectory(this.#temporary);
    Deno.renameSync(this.#temporary, join(this.dataset, IMAGES));
    syncDirectory(this.dataset);
  }

  /** Removes what was written so far. */
  abandon(): void {
    this.#shard?.close();
    this.#shard = undefined;
    removeTree(this.#temporary);
  }

  #nextShard(): void {
    this.#closeShard();
    this.#offset = 0;
    const path = join(this.#temporary, shardName(++this.#shardIndex));
    this.#shard = Deno.openSync(path, { write: true, createNew: true });
  }
  #closeShard(): void {
    this.#shard?.syncSync();
    this.#shard?.close();
    this.#shard = undefined;
  }
  #write(name: string, bytes: Uint8Array): void {
    using file = Deno.openSync(join(this.#temporary, name), { write: true, createNew: true });
    writeAll(file, bytes);
    file.syncSync();
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

/** Without this a crash may lose the names of files that are themselves safe. */
export function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  directory.syncSync();
}

/** Removes a directory and all in it; none is fine. */
export function removeTree(path: string): void {
  try {
    Deno.removeSync(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
