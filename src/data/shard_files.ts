import { join } from "@std/path";

/** A new file is begun past this: one stays easy to copy, and far from any file system's limit. */
const SHARD_BYTES = 256 * 2 ** 20;

/** `<kind>-00000.bin`, `<kind>-00001.bin` and so on. */
export const shardFile = (kind: string, shard: number): string =>
  `${kind}-${String(shard).padStart(5, "0")}.bin`;

/** Bytes, one stretch behind another, in files of bounded size. */
export class ShardFiles {
  #file: Deno.FsFile | undefined;
  #shard = -1;
  #offset = SHARD_BYTES;

  constructor(readonly directory: string, readonly kind: string) {}

  /** @returns Where the bytes are. */
  append(bytes: Uint8Array): { shard: number; offset: number } {
    if (this.#offset + bytes.length > SHARD_BYTES) this.#next();
    writeAll(this.#file!, bytes);
    const place = { shard: this.#shard, offset: this.#offset };
    this.#offset += bytes.length;
    return place;
  }

  /** Takes in the first files of another directory, by link: what is appended begins a new one. */
  continue(directory: string, files: number): void {
    for (let shard = 0; shard < files; shard++) {
      const [from, to] = [directory, this.directory].map((folder) =>
        join(folder, shardFile(this.kind, shard))
      );
      try {
        Deno.linkSync(from, to);
      } catch { // a file system without hard links
        Deno.copyFileSync(from, to);
      }
    }
    this.#shard = files - 1;
  }

  /** Makes the last file durable. */
  finish(): void {
    this.#file?.syncSync();
    this.close();
  }
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #next(): void {
    this.finish();
    this.#offset = 0;
    const path = join(this.directory, shardFile(this.kind, ++this.#shard));
    this.#file = Deno.openSync(path, { write: true, createNew: true });
  }
}

export function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}
