import { join } from "@std/path";
import { PagedFile, readFully } from "./paged_file.ts";
import { shardFile, ShardFiles, writeAll } from "./shard_files.ts";

/**
 * Images' files as they came, where a dataset keeps them; all numbers are little-endian:
 *   original-00000.bin …   file after file
 *   originals.bin          16 bytes an image: u32 shard, u32 offset in it, u32 length, u32 zero; a length of 0 is of an image
 *                          that came as bare pixels
 */
const KIND = "original", INDEX = "originals.bin", RECORD_BYTES = 16;

/** Writes originals, in the images' order. */
export class OriginalWriter {
  readonly #files: ShardFiles;
  readonly #index: Deno.FsFile;

  constructor(directory: string) {
    this.#files = new ShardFiles(directory, KIND);
    this.#index = Deno.openSync(join(directory, INDEX), { write: true, createNew: true });
  }

  add(bytes: Uint8Array = new Uint8Array()): void {
    const { shard, offset } = bytes.length > 0 ? this.#files.append(bytes) : { shard: 0, offset: 0 };
    writeAll(this.#index, new Uint8Array(Uint32Array.of(shard, offset, bytes.length, 0).buffer));
  }

  /** Takes in what another directory has. */
  continue(directory: string): void {
    const index = Deno.readFileSync(join(directory, INDEX)), words = new Uint32Array(index.buffer);
    let files = 0;
    for (let at = 0; at < words.length; at += 4) {
      if (words[at + 2] > 0) files = Math.max(files, words[at] + 1);
    }
    this.#files.continue(directory, files);
    writeAll(this.#index, index);
  }

  finish(): void {
    this.#files.finish();
    this.#index.syncSync();
    this.#index.close();
  }
  abandon(): void {
    this.#files.close();
    this.#index.close();
  }
}

/** Image `n`'s file as it came; undefined if the dataset keeps none, or the image came as bare pixels. */
export function readOriginal(directory: string, n: number): Uint8Array<ArrayBuffer> | undefined {
  let index: PagedFile;
  try {
    index = new PagedFile(join(directory, INDEX));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const record = new Uint32Array(index.read(RECORD_BYTES * n, RECORD_BYTES).buffer),
    [shard, offset, length] = record;
  index.close();
  if (length === 0) return undefined;
  const bytes = new Uint8Array(length);
  using file = Deno.openSync(join(directory, shardFile(KIND, shard)));
  readFully(file, offset, bytes, `the original of image ${n}`);
  return bytes;
}
