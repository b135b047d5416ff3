import { join } from "@std/path";
import { DatasetReader } from "../data/dataset_reader.ts";
import {
  FileNeighborIndexLibrary,
  indexName,
  NeighborIndexFile,
  NeighborIndexWriter,
} from "../data/neighbor_index.ts";
import { diskFull } from "../data/spool.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { NeighborIndexKey } from "../domain/neighbors.ts";
import { NeighborBank } from "../evaluation/neighbor_bank.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Encoder } from "../inference/encoder.ts";
import type { Preprocessor } from "../inference/preprocess.ts";
import type { Say } from "../ipc/worker_loop.ts";
import { embedChunk } from "./embed_items.ts";
import { Serial } from "./serial.ts";

/** Images embedded before whoever else waits for the GPU gets it: of these as many as take about so long. */
const PIECES = [8, 32, 128] as const, PIECE_MS = 250;
/** Progress is told so often. */
const TELL_MS = 500;

interface Model {
  encoder: Encoder;
  preprocessor: Preprocessor;
}

/** An index that can be searched. */
export class ResidentIndex {
  /** Which of the rows are of a split, by its name; of those that were asked for. */
  readonly splits = new Map<string, Uint8Array>();

  /** @param heldBytes Of GPU memory. */
  constructor(
    readonly file: NeighborIndexFile,
    readonly bank: NeighborBank,
    readonly heldBytes: number,
  ) {}

  destroy(): void {
    this.file.close();
    this.bank.destroy();
  }
}

export interface NeighborIndexOptions {
  pipelines: PipelineCache;
  /** Datasets lie under it, and indexes. */
  dataDir: string;
  /** Whose turn it is on the GPU. */
  serial: Serial;
  /** Lends a checkpoint's model, within a turn on the GPU. */
  use<T>(checkpoint: string, work: (model: Model) => Promise<T>): Promise<T>;
  /** Lends an index by its name, by `load` where it is not at hand. */
  useIndex<T>(name: string, work: (index: ResidentIndex) => Promise<T>): Promise<T>;
  /** The most bytes of GPU memory that an index may take. */
  maxBytes: number;
}

/** Makes indexes, one after another and in small pieces, and reads those that are searched. */
export class NeighborIndexes {
  readonly #directory: string;
  readonly #library: FileNeighborIndexLibrary;
  readonly #builds = new Serial();

  constructor(readonly options: NeighborIndexOptions) {
    this.#directory = join(options.dataDir, "neighbors");
    this.#library = new FileNeighborIndexLibrary(this.#directory);
  }

  /**
   * Opens an index's dataset, to be closed.
   *
   * @throws {DomainError} `conflict`, type `dataset_changed`, if it is another by now.
   */
  openDataset({ dataset, fingerprint }: NeighborIndexKey): DatasetReader {
    const reader = DatasetReader.open(join(this.options.dataDir, "datasets", checkId("ds", dataset)));
    if (reader.manifest.summary.fingerprint === fingerprint) return reader;
    reader.close();
    throw new DomainError("conflict", `Cannot search ${dataset}: it has changed meanwhile; try again`, {
      type: "dataset_changed",
    });
  }

  /**
   * Embeds a dataset, unless that was done. What a process that died had made of it is gone on from.
   *
   * @throws {DomainError} `invalid`, types `index_too_large` and `embeddings_not_finite`; `disk_full`; `conflict` as
   *   `openDataset`; what the model throws. @throws What `signal` was aborted with.
   */
  build(key: NeighborIndexKey, say: Say, signal: AbortSignal): Promise<void> {
    const name = indexName(key);
    return this.#builds.run(async () => {
      signal.throwIfAborted();
      const there = await NeighborIndexFile.open(this.#directory, name);
      if (there) return there.close();
      const reader = this.openDataset(key);
      try {
        await this.#build(key, name, reader, say, signal);
      } catch (error) {
        throw diskFull(error)
          ? new DomainError("disk_full", `Cannot keep the embeddings of ${key.dataset}: the disk is full`)
          : error;
      } finally {
        reader.close();
      }
    });
  }

  async #build(
    { checkpoint }: NeighborIndexKey,
    name: string,
    reader: DatasetReader,
    say: Say,
    signal: AbortSignal,
  ): Promise<void> {
    const { serial, use } = this.options, total = reader.length;
    const dim = await serial.run(() => use(checkpoint, ({ encoder }) => Promise.resolve(encoder.dim)));
    this.#expectRoom(total, dim);
    const writer = await NeighborIndexWriter.open(this.#directory, name, dim);
    try {
      const began = performance.now(), before = writer.rows;
      let size = 0, told = -Infinity;
      while (writer.rows < total) {
        const count = Math.min(PIECES[size], total - writer.rows);
        const items = Uint32Array.from({ length: count }, (_, i) => writer.rows + i);
        let ms = 0;
        const rows = await serial.run(async () => {
          signal.throwIfAborted();
          return await use(checkpoint, async ({ encoder, preprocessor }) => {
            const start = performance.now();
            const made = await embedChunk(encoder, preprocessor, reader, items);
            ms = performance.now() - start;
            return made;
          });
        });
        expectFinite(rows, checkpoint, items[0], dim);
        await writer.append(rows);
        const next = PIECES[size + 1];
        if (ms > PIECE_MS) size = Math.max(0, size - 1);
        else if (next && ms * next / PIECES[size] < PIECE_MS) size++;
        if (performance.now() - told < TELL_MS) continue;
        told = performance.now();
        const images_per_s = 1000 * (writer.rows - before) / (told - began);
        const eta_s = (total - writer.rows) / images_per_s;
        await say({
          type: "progress",
          progress: { step: writer.rows, total_steps: total, epoch: 0, images_per_s, eta_s },
          metrics: {},
        });
      }
      await writer.finish();
    } finally {
      writer.close();
    }
  }

  /**
   * Uses an index, which is read into the GPU's memory where it is not there.
   *
   * @throws {DomainError} `not_found`, type `index_missing`, if there is none, or a damaged one, which is removed;
   *   `invalid`, type `index_too_large`.
   */
  use<T>(key: NeighborIndexKey, work: (index: ResidentIndex) => Promise<T>): Promise<T> {
    return this.options.useIndex(indexName(key), work);
  }

  /** Reads an index, for `use`. @param makeRoom Called before it takes so many bytes of GPU memory. */
  async load(name: string, makeRoom: (bytes: number) => void): Promise<ResidentIndex> {
    const file = await NeighborIndexFile.open(this.#directory, name);
    if (!file) throw missing(name);
    const { pipelines } = this.options, { rows, dim } = file;
    let bank: NeighborBank | undefined;
    try {
      const bytes = this.#expectRoom(rows, dim);
      makeRoom(bytes);
      bank = await NeighborBank.create(pipelines, rows, dim);
      for await (const { first, values } of file.verified()) bank.write(first, values);
      await bank.prepare();
      return new ResidentIndex(file, bank, bytes);
    } catch (error) {
      file.close();
      bank?.destroy();
      if (!(error instanceof DomainError && error.options.type === "index_damaged")) throw error;
      await this.#library.remove(name);
      throw missing(name);
    }
  }

  /** @returns Bytes of GPU memory that an index takes. */
  #expectRoom(rows: number, dim: number): number {
    const { pipelines, maxBytes } = this.options, bytes = NeighborBank.bytesFor(pipelines, rows, dim);
    if (bytes <= maxBytes) return bytes;
    throw new DomainError(
      "invalid",
      `Cannot search the dataset: ${rows} embeddings of ${dim} take ${bytes} bytes of the GPU, of at most ${maxBytes}`,
      { type: "index_too_large" },
    );
  }
}

const missing = (name: string): DomainError =>
  new DomainError("not_found", `Cannot find the index ${name}: there is none`, { type: "index_missing" });

function expectFinite(rows: Float32Array, checkpoint: string, first: number, dim: number): void {
  const at = rows.findIndex((value) => !Number.isFinite(value));
  if (at < 0) return;
  throw new DomainError(
    "invalid",
    `Cannot search by ${checkpoint}: the embedding that it makes of item ${
      first + Math.floor(at / dim)
    } is not finite`,
    { type: "embeddings_not_finite" },
  );
}
