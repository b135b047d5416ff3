import { join } from "@std/path";
import type { DatasetItem, DuplicateGroup, RejectedFile } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import { imagesOf } from "./generations.ts";
import { readOriginal } from "./originals.ts";
import type { NameFile } from "./name_file.ts";
import { PagedFile, readFully } from "./paged_file.ts";
import { shardFile } from "./shard_files.ts";
import {
  FORMAT,
  type ImageRecord,
  openNames,
  PIXELS,
  readRecord,
  RECORD_BYTES,
  type ShardManifest,
} from "./shard_format.ts";

/** A stretch of `by_split.bin` or `by_class.bin`: numbers that rise. */
interface Stretch {
  file: PagedFile;
  first: number;
  count: number;
}

/**
 * A dataset's images, by number. Nothing that grows with them is held: the index is read by page. Reads are synchronous:
 * a loader's are short, and off the server's thread.
 */
export class DatasetReader {
  readonly #shards: (Deno.FsFile | undefined)[] = [];
  readonly #index: PagedFile;
  #bySplit: PagedFile | undefined;
  #byClass: PagedFile | undefined;
  #names: NameFile | undefined;

  private constructor(readonly directory: string, readonly manifest: ShardManifest) {
    this.#index = new PagedFile(join(directory, "index.bin"));
  }

  /**
   * @param dataset The dataset's directory.
   * @throws {Deno.errors.NotFound} If its ingest is not complete.
   * @throws {DomainError} `conflict` if it was written in another format.
   */
  static open(dataset: string): DatasetReader {
    const directory = imagesOf(dataset);
    if (!directory) throw new Deno.errors.NotFound(`Cannot open the dataset: ${dataset} has no images`);
    const manifest: ShardManifest = JSON.parse(Deno.readTextFileSync(join(directory, "manifest.json")));
    if (manifest.format !== FORMAT) {
      throw new DomainError(
        "conflict",
        `Cannot open the dataset: its format must be ${FORMAT}, got ${manifest.format}; delete it and upload it again`,
        { type: "dataset_format" },
      );
    }
    return new DatasetReader(directory, manifest);
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
    if (split === undefined) return Uint32Array.from({ length: this.length }, (_, n) => n);
    const wanted = this.splits.indexOf(split);
    if (wanted < 0) return new Uint32Array();
    const { file, first, count } = this.#ofSplit(wanted),
      bytes = new DataView(file.read(4 * first, 4 * count).buffer);
    return Uint32Array.from({ length: count }, (_, i) => bytes.getUint32(4 * i, true));
  }

  /**
   * The numbers of the first `limit` images after number `after` that are of a split and of a class, where those are
   * named, `offset` of them passed over. What it costs does not grow with the dataset.
   */
  browse(
    filter: { split?: string; class?: string },
    { after = -1, offset = 0, limit }: { after?: number; offset?: number; limit: number },
  ): number[] {
    const stretches = this.#stretchesOf(filter);
    if (!stretches) {
      const first = after + 1 + offset, count = Math.max(0, Math.min(limit, this.length - first));
      return Array.from({ length: count }, (_, i) => first + i);
    }
    const from = offset === 0 ? after : this.#passedOver(stretches, after, offset);
    return stretches.flatMap((stretch) => numbersAfter(stretch, from, limit)).sort((a, b) => a - b)
      .slice(0, limit);
  }

  /** How many images are of a split and of a class, where those are named. */
  count(filter: { split?: string; class?: string }): number {
    const stretches = this.#stretchesOf(filter);
    return stretches ? total(stretches.map(({ count }) => count)) : this.length;
  }

  /** Where those lie that are asked for; undefined where that is all. */
  #stretchesOf(filter: { split?: string; class?: string }): Stretch[] | undefined {
    const split = filter.split === undefined ? undefined : this.splits.indexOf(filter.split);
    const label = filter.class === undefined ? undefined : this.classes.indexOf(filter.class);
    if ((split !== undefined && split < 0) || (label !== undefined && label < 0)) return [];
    if (split === undefined && label === undefined) return undefined;
    const splits = split === undefined ? [...this.splits.keys()] : [split];
    return splits.map((s) => label === undefined ? this.#ofSplit(s) : this.#ofClass(s, label));
  }

  /** The last of the first `offset` numbers of stretches after `after`, found by halving the numbers there are. */
  #passedOver(stretches: Stretch[], after: number, offset: number): number {
    const upTo = (n: number) => total(stretches.map((stretch) => placeAfter(stretch, n)));
    const wanted = upTo(after) + offset;
    let low = after, high = this.length - 1;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (upTo(middle) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
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
    const path = (this.#names ??= openNames(this.directory)).get(n);
    return { n, path, split: this.splits[split], class: this.classes[label] ?? null, width, height };
  }
  rejected(): RejectedFile[] {
    return JSON.parse(Deno.readTextFileSync(join(this.directory, "rejected.json")));
  }
  /** Contents that stand in more than one split. */
  duplicates(): DuplicateGroup[] {
    return JSON.parse(Deno.readTextFileSync(join(this.directory, "duplicates.json")));
  }

  /** Image `n`'s file as it came; undefined if it was not kept. */
  original(n: number): Uint8Array<ArrayBuffer> | undefined {
    return readOriginal(this.directory, n);
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
    const file = this.#shards[shard] ??= Deno.openSync(join(this.directory, shardFile(PIXELS, shard)));
    readFully(file, offset, target, `image ${n} of ${shardFile(PIXELS, shard)}`);
  }

  close(): void {
    for (const file of [...this.#shards, this.#index, this.#bySplit, this.#byClass, this.#names]) {
      file?.close();
    }
    this.#shards.length = 0;
  }

  #record(n: number): ImageRecord {
    if (!(Number.isInteger(n) && n >= 0 && n < this.length)) {
      throw new RangeError(`Cannot read image ${n}: there are ${this.length}`);
    }
    const { view, at } = this.#index.locate(n * RECORD_BYTES);
    return readRecord(view, at);
  }

  #ofSplit(split: number): Stretch {
    const { groups } = this.manifest,
      file = this.#bySplit ??= new PagedFile(join(this.directory, "by_split.bin"));
    return { file, first: total(groups.slice(0, split).map(total)), count: total(groups[split]) };
  }
  #ofClass(split: number, label: number): Stretch {
    const { groups } = this.manifest,
      file = this.#byClass ??= new PagedFile(join(this.directory, "by_class.bin"));
    const before = total(groups.slice(0, split).map(total)) + total(groups[split].slice(0, label + 1));
    return { file, first: before, count: groups[split][label + 1] };
  }
}

const total = (counts: number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** How many numbers of a stretch are at most `after`, found by halving. */
function placeAfter({ file, first, count }: Stretch, after: number): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (file.uint32(first + middle) <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first `limit` numbers of a stretch that are greater than `after`. */
function numbersAfter(stretch: Stretch, after: number, limit: number): number[] {
  const { file, first, count } = stretch, from = placeAfter(stretch, after);
  return Array.from({ length: Math.min(limit, count - from) }, (_, i) => file.uint32(first + from + i));
}
