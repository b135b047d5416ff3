import { join } from "@std/path";
import type { DuplicateGroup, RejectedFile } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import { nextImagesOf, unfinishedImagesOf } from "./generations.ts";
import { NameWriter } from "./name_file.ts";
import { OriginalWriter } from "./originals.ts";
import { ShardFiles, writeAll } from "./shard_files.ts";
import {
  contentHash,
  FORMAT,
  HASH_AT,
  HASH_BYTES,
  HIDDEN,
  MAX_SIDE,
  MAX_SPLITS,
  openNames,
  PIXELS,
  readRecord,
  RECORD_BYTES,
  REJECTED,
  type ShardManifest,
} from "./shard_format.ts";

/** Writes a dataset's images into a directory aside, which takes its place only when it is complete and durable. */
export class ShardWriter {
  readonly #temporary: string;
  readonly #names: NameWriter;
  #namesFile: Deno.FsFile | undefined;
  #namesStarts: Uint8Array | undefined;
  #records = new DataView(new ArrayBuffer(1024 * RECORD_BYTES));
  #images = 0;
  readonly #pixels: ShardFiles;
  readonly #originals: OriginalWriter | undefined;

  /**
   * @param dataset The dataset's directory. What an earlier writer left unfinished is removed.
   * @param options.base The images to go on from: a directory, and its manifest. They stay as they are.
   * @param options.originals Whether images' files are kept as they came.
   */
  constructor(
    readonly dataset: string,
    { base, originals = false }: {
      base?: { directory: string; manifest: ShardManifest };
      originals?: boolean;
    } = {},
  ) {
    this.#temporary = unfinishedImagesOf(dataset);
    this.#clear();
    Deno.mkdirSync(this.#temporary, { recursive: true });
    const file = this.#namesFile = this.#create("names.bin");
    this.#names = new NameWriter((block) => writeAll(file, block));
    this.#pixels = new ShardFiles(this.#temporary, PIXELS);
    if (originals) this.#originals = new OriginalWriter(this.#temporary);
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
   * @param more `hash`: the content's, worked out where it is not given; `original`: the image's file.
   * @throws {RangeError} If a side is past MAX_SIDE; {@link DomainError} if there are more than 256 splits.
   */
  add(
    path: string,
    image: RgbImage,
    split: number,
    classIndex: number,
    { hash = contentHash(image), original }: { hash?: Uint8Array; original?: Uint8Array } = {},
  ): void {
    const { width, height, pixels } = image, view = this.#room();
    if (Math.max(width, height) > MAX_SIDE) {
      throw new RangeError(`Cannot keep ${path}: a side is at most ${MAX_SIDE}, got ${width}×${height}`);
    }
    if (split >= MAX_SPLITS) {
      throw new DomainError("invalid", `Cannot keep the dataset: it has more than ${MAX_SPLITS} splits`);
    }
    const { shard, offset } = this.#pixels.append(pixels);
    this.#originals?.add(original);
    this.#names.add(path);
    const at = this.#images++ * RECORD_BYTES;
    view.setUint32(at, offset, true);
    view.setUint16(at + 4, shard, true);
    view.setUint8(at + 6, split);
    view.setUint16(at + 8, width, true);
    view.setUint16(at + 10, height, true);
    view.setInt32(at + 12, classIndex, true);
    new Uint8Array(view.buffer).set(hash.subarray(0, HASH_BYTES), at + HASH_AT);
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
    this.#pixels.finish();
    this.#originals?.finish();
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
    this.#pixels.close();
    this.#originals?.abandon();
    this.#namesFile?.close();
    this.#namesFile = undefined;
    this.#clear();
  }

  #clear(): void {
    try {
      Deno.removeSync(this.#temporary, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
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
    this.#pixels.continue(directory, readRecord(view, (images - 1) * RECORD_BYTES).shard + 1);
    this.#originals?.continue(directory);
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

/** Without this a crash may lose the names of files that are themselves safe. */
function syncDirectory(path: string): void {
  using directory = Deno.openSync(path);
  directory.syncSync();
}
