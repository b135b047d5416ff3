import { createHash } from "node:crypto";
import { join } from "@std/path";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { checkId, isId } from "../domain/ids.ts";
import type { NeighborIndexKey, NeighborIndexLibrary } from "../domain/neighbors.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { namesIn } from "../files/look.ts";
import { readFully } from "./paged_file.ts";

/**
 * The embeddings of a dataset by a checkpoint, `<directory>/<checkpoint>-<fingerprint>`: rows of f32 as they were made,
 * little-endian, in the items' order, and a manifest. Until it is whole it has another name.
 */
const ROWS = "embeddings.f32", MANIFEST = "manifest.json";
const NAME = /^(\.)?(ckpt_[0-9A-Z]{26})-([0-9a-f]{64})(\.tmp)?$/;
/** What is read at once. */
const CHUNK_BYTES = 2 ** 20;

const Manifest = z.strictObject({
  format: z.literal(1),
  rows: z.int().min(1),
  dim: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** The directory's name. @throws {DomainError} `not_found` if the checkpoint's id is none. */
export function indexName({ checkpoint, fingerprint }: NeighborIndexKey): string {
  const name = `${checkId("ckpt", checkpoint)}-${fingerprint.replace(/^sha256:/, "")}`;
  if (!NAME.test(name)) throw new TypeError(`Cannot name an index: the fingerprint is ${fingerprint}`);
  return name;
}
const unfinished = (name: string): string => `.${name}.tmp`;

/** Writes an index, which is there once `finish` has resolved. A writer that died is gone on from, its rows kept. */
export class NeighborIndexWriter {
  #rows: number;

  private constructor(
    readonly directory: string,
    readonly name: string,
    readonly dim: number,
    readonly file: Deno.FsFile,
  ) {
    this.#rows = Math.floor(file.statSync().size / (4 * dim));
  }

  /** @param directory Where indexes lie; it is made. */
  static async open(directory: string, name: string, dim: number): Promise<NeighborIndexWriter> {
    const path = join(directory, unfinished(name));
    await Deno.mkdir(path, { recursive: true });
    const file = await Deno.open(join(path, ROWS), { read: true, write: true, create: true });
    const writer = new NeighborIndexWriter(directory, name, dim, file);
    await file.truncate(4 * dim * writer.rows); // a row that was cut short
    return writer;
  }

  /** Rows that are written. */
  get rows(): number {
    return this.#rows;
  }

  /** @param values `[n, dim]`. */
  async append(values: Float32Array): Promise<void> {
    await this.file.seek(4 * this.dim * this.#rows, Deno.SeekMode.Start);
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    for (let at = 0; at < bytes.length;) at += await this.file.write(bytes.subarray(at));
    this.#rows += values.length / this.dim;
  }

  /** Makes what is written durable, and an index of it. */
  async finish(): Promise<void> {
    const path = join(this.directory, unfinished(this.name)), hash = createHash("sha256");
    await this.file.sync();
    await this.file.seek(0, Deno.SeekMode.Start);
    const chunk = new Uint8Array(CHUNK_BYTES);
    for (let read; (read = await this.file.read(chunk));) hash.update(chunk.subarray(0, read));
    const manifest = { format: 1, rows: this.#rows, dim: this.dim, sha256: hash.digest("hex") };
    using file = await Deno.open(join(path, MANIFEST), { write: true, create: true, truncate: true });
    const text = new TextEncoder().encode(JSON.stringify(manifest));
    for (let at = 0; at < text.length;) at += await file.write(text.subarray(at));
    await file.sync();
    await syncDirectory(path);
    const whole = join(this.directory, this.name);
    await removeTree(whole); // one that was found to be damaged
    await Deno.rename(path, whole);
    await syncDirectory(this.directory);
  }

  close(): void {
    this.file.close();
  }
}

/** An index that is whole. */
export class NeighborIndexFile {
  private constructor(
    readonly path: string,
    readonly manifest: z.infer<typeof Manifest>,
    readonly file: Deno.FsFile,
  ) {}

  /** @returns Undefined if there is none, or none that is of any use: it is made again then. */
  static async open(directory: string, name: string): Promise<NeighborIndexFile | undefined> {
    const path = join(directory, name);
    let file: Deno.FsFile | undefined;
    try {
      const manifest = Manifest.parse(JSON.parse(await Deno.readTextFile(join(path, MANIFEST))));
      file = await Deno.open(join(path, ROWS));
      const { size } = await file.stat();
      if (size === 4 * manifest.rows * manifest.dim) return new NeighborIndexFile(path, manifest, file);
    } catch (error) {
      const isOfNoUse = error instanceof Deno.errors.NotFound || error instanceof SyntaxError ||
        error instanceof z.ZodError;
      if (!isOfNoUse) throw error;
    }
    file?.close();
    return undefined;
  }

  get rows(): number {
    return this.manifest.rows;
  }
  get dim(): number {
    return this.manifest.dim;
  }

  row(n: number): Float32Array<ArrayBuffer> {
    return this.read(n, 1);
  }
  /** @returns `[count, dim]`. */
  read(first: number, count: number): Float32Array<ArrayBuffer> {
    const values = new Float32Array(count * this.dim);
    this.#read(first, values);
    return values;
  }

  /** All rows in order, some at a time, and others get their turn in between. */
  async *stretches(): AsyncGenerator<{ first: number; values: Float32Array<ArrayBuffer> }> {
    const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / (4 * this.dim)));
    for (let first = 0; first < this.rows; first += atOnce) {
      const values = new Float32Array(Math.min(atOnce, this.rows - first) * this.dim);
      this.#read(first, values);
      yield { first, values };
      await new Promise((resolve) => setTimeout(resolve)); // a promise alone lets nobody in who waits for a message
    }
  }

  /**
   * As `stretches`, held against the hash at the end.
   *
   * @throws {DomainError} `conflict`, type `index_damaged`.
   */
  async *verified(): AsyncGenerator<{ first: number; values: Float32Array<ArrayBuffer> }> {
    const hash = createHash("sha256");
    for await (const stretch of this.stretches()) {
      hash.update(new Uint8Array(stretch.values.buffer));
      yield stretch;
    }
    if (hash.digest("hex") === this.manifest.sha256) return;
    throw new DomainError("conflict", `Cannot read the index ${this.path}: its hash is another`, {
      type: "index_damaged",
    });
  }

  #read(first: number, values: Float32Array<ArrayBuffer>): void {
    readFully(this.file, 4 * this.dim * first, new Uint8Array(values.buffer), this.path);
  }

  close(): void {
    this.file.close();
  }
}

/** Indexes under one directory. */
export class FileNeighborIndexLibrary implements NeighborIndexLibrary {
  constructor(readonly directory: string) {}

  async list(): Promise<{ name: string; checkpoint: string; fingerprint: string }[]> {
    return (await namesIn(this.directory)).flatMap((name) => {
      const [, , checkpoint, hex] = name.match(NAME) ?? [];
      return checkpoint && isId("ckpt", checkpoint)
        ? [{ name, checkpoint, fingerprint: `sha256:${hex}` }]
        : [];
    });
  }

  async remove(name: string): Promise<void> {
    await removeTree(join(this.directory, name));
  }

  async sweep(): Promise<void> {
    for (const { name } of await this.list()) if (name.startsWith(".")) await this.remove(name);
  }
}
