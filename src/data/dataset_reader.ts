import { join } from "@std/path";
import type { DatasetItem, RejectedFile } from "../domain/dataset.ts";
import type { RgbImage } from "../domain/image.ts";
import { type ImageRecord, IMAGES, RECORD_BYTES, type ShardManifest, shardName } from "./shard.ts";

/** A dataset's images, by number. Reads are synchronous: a loader's are short, and off the server's thread. */
export class DatasetReader {
  readonly #shards: (Deno.FsFile | undefined)[] = [];
  #paths: string[] | undefined;

  private constructor(
    readonly directory: string,
    readonly manifest: ShardManifest,
    readonly index: DataView,
  ) {}

  /**
   * @param dataset The dataset's directory.
   * @throws {Deno.errors.NotFound} If its ingest is not complete.
   */
  static open(dataset: string): DatasetReader {
    const directory = join(dataset, IMAGES);
    const manifest: ShardManifest = JSON.parse(Deno.readTextFileSync(join(directory, "manifest.json")));
    return new DatasetReader(
      directory,
      manifest,
      new DataView(Deno.readFileSync(join(directory, "index.bin")).buffer),
    );
  }

  get length(): number {
    return this.manifest.images;
  }
  get splits(): readonly string[] {
    return this.manifest.splits;
  }
  get classes(): readonly string[] {
    return this.manifest.classes;
  }

  /** The numbers of a split's images in order; of all images where no split is named. */
  items(split?: string): Uint32Array {
    const wanted = split === undefined ? -1 : this.splits.indexOf(split);
    if (split !== undefined && wanted < 0) return new Uint32Array();
    const numbers: number[] = [];
    for (let n = 0; n < this.length; n++) {
      if (split === undefined || this.index.getUint32(n * RECORD_BYTES + 4, true) === wanted) numbers.push(n);
    }
    return Uint32Array.from(numbers);
  }

  /** The class index of image `n`, or −1 where it has none. */
  classOf(n: number): number {
    return this.#record(n).class;
  }
  size(n: number): { width: number; height: number } {
    const { width, height } = this.#record(n);
    return { width, height };
  }
  /** Bytes of image `n`'s pixels. */
  bytesOf(n: number): number {
    const { width, height } = this.#record(n);
    return width * height * 3;
  }

  /** How image `n` is listed. */
  entry(n: number): DatasetItem {
    const { split, class: label, width, height } = this.#record(n);
    this.#paths ??= JSON.parse(Deno.readTextFileSync(join(this.directory, "paths.json"))) as string[];
    return {
      n,
      path: this.#paths[n],
      split: this.splits[split],
      class: this.classes[label] ?? null,
      width,
      height,
    };
  }
  rejected(): RejectedFile[] {
    return JSON.parse(Deno.readTextFileSync(join(this.directory, "rejected.json")));
  }

  image(n: number): RgbImage {
    const { width, height } = this.#record(n), pixels = new Uint8Array(width * height * 3);
    this.readInto(n, pixels);
    return { width, height, pixels };
  }

  /**
   * Reads image `n`'s pixels: 8-bit RGB, row-major.
   *
   * @param target Exactly `bytesOf(n)` long.
   * @throws {RangeError} If there is no such image; {@link TypeError} if a shard ends early.
   */
  readInto(n: number, target: Uint8Array): void {
    const { shard, offset } = this.#record(n);
    const file = this.#shards[shard] ??= Deno.openSync(join(this.directory, shardName(shard)));
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let filled = 0; filled < target.length;) {
      const read = file.readSync(target.subarray(filled));
      if (read === null) throw new TypeError(`Cannot read image ${n}: ${shardName(shard)} ends early`);
      filled += read;
    }
  }

  close(): void {
    for (const file of this.#shards) file?.close();
    this.#shards.length = 0;
  }

  #record(n: number): ImageRecord {
    if (!(Number.isInteger(n) && n >= 0 && n < this.length)) {
      throw new RangeError(`Cannot read image ${n}: there are ${this.length}`);
    }
    const at = n * RECORD_BYTES;
    return {
      shard: this.index.getUint32(at, true),
      split: this.index.getUint32(at + 4, true),
      offset: this.index.getFloat64(at + 8, true),
      class: this.index.getInt32(at + 16, true),
      width: this.index.getUint32(at + 20, true),
      height: this.index.getUint32(at + 24, true),
    };
  }
}
