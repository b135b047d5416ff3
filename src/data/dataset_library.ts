// The reads below are synchronous, yet whoever calls through the port is to meet rejections, never throws.
// deno-lint-ignore-file require-await
import { join } from "@std/path";
import type { DatasetItem, DatasetSummary, DuplicateGroup, RejectedFile } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { RgbImage } from "../domain/image.ts";
import type { DatasetLibrary, Ingester, IngestTask, Paged } from "../domain/ports.ts";
import { DatasetReader } from "./dataset_reader.ts";
import { IMAGES, REJECTED, removeTree, ShardWriter, syncDirectory } from "./shard.ts";

/** Open datasets that are kept for browsing. */
const MAX_READERS = 8;
const UPLOAD = "upload";

/** Datasets as directories: `<directory>/<id>`, first with what was uploaded, then with the images made of it. */
export class FileDatasetLibrary implements DatasetLibrary {
  readonly #directory: string;
  readonly #ingester: Ingester;
  readonly #maxUploadBytes: number;
  readonly #readers = new Map<string, DatasetReader>();

  constructor(options: { directory: string; ingester: Ingester; maxUploadBytes: number }) {
    this.#directory = options.directory;
    this.#ingester = options.ingester;
    this.#maxUploadBytes = options.maxUploadBytes;
  }

  async receive(dataset: string, body: ReadableStream<Uint8Array>): Promise<number> {
    const directory = this.#path(dataset), part = join(directory, `${UPLOAD}.part`);
    await Deno.mkdir(directory, { recursive: true });
    try {
      const bytes = await this.#spool(body, part);
      if (bytes === 0) throw new DomainError("malformed", "Cannot take the dataset: the body is empty");
      await Deno.rename(part, join(directory, UPLOAD));
      syncDirectory(directory);
      syncDirectory(this.#directory);
      return bytes;
    } catch (error) {
      removeTree(directory);
      throw error;
    }
  }

  async ingest(dataset: string, name: string, task: IngestTask): Promise<DatasetSummary> {
    const directory = this.#path(dataset), upload = join(directory, UPLOAD);
    if (!await exists(upload)) {
      // The ingest had been completed, and the server died before it could say so.
      return DatasetReader.open(directory).manifest.summary;
    }
    try {
      const summary = await this.#ingester.ingest({ name, archive: upload, dataset: directory }, task);
      await Deno.remove(upload);
      return summary;
    } catch (error) {
      ShardWriter.sweep(directory); // a worker that was killed could not
      throw diskFull(error) ?? error;
    }
  }

  async items(
    dataset: string,
    filter: { split?: string; class?: string },
    { after, limit }: { after?: number; limit: number },
  ): Promise<Paged<DatasetItem>> {
    const reader = this.#open(dataset), numbers = reader.browse(filter, { after, limit: limit + 1 });
    return { data: numbers.slice(0, limit).map((n) => reader.entry(n)), has_more: numbers.length > limit };
  }

  async image(dataset: string, n: number): Promise<RgbImage> {
    const reader = this.#open(dataset);
    if (!(Number.isInteger(n) && n >= 0 && n < reader.length)) {
      throw new DomainError("not_found", `Cannot find image ${n} of ${dataset}: it has ${reader.length}`);
    }
    return reader.image(n);
  }

  async rejected(
    dataset: string,
    page: { after?: number; limit: number },
  ): Promise<Paged<RejectedFile>> {
    const directory = this.#path(dataset), report = join(directory, REJECTED);
    if (await exists(report)) return pageOf(JSON.parse(await Deno.readTextFile(report)), page);
    // A dataset whose archive is unreadable as a whole has no list.
    if (!await exists(join(directory, IMAGES))) return { data: [], has_more: false };
    return pageOf(this.#open(dataset).rejected(), page);
  }

  async duplicates(
    dataset: string,
    page: { after?: number; limit: number },
  ): Promise<Paged<DuplicateGroup>> {
    return pageOf(this.#open(dataset).duplicates(), page);
  }

  async remove(dataset: string): Promise<void> {
    this.#readers.get(dataset)?.close();
    this.#readers.delete(dataset);
    removeTree(this.#path(dataset));
  }

  #path(dataset: string): string {
    return join(this.#directory, checkId("ds", dataset));
  }

  #open(dataset: string): DatasetReader {
    const reader = this.#readers.get(dataset) ?? DatasetReader.open(this.#path(dataset));
    this.#readers.delete(dataset); // set again below, behind the others: a Map keeps the order of insertion
    this.#readers.set(dataset, reader);
    for (const [id, oldest] of this.#readers) {
      if (this.#readers.size <= MAX_READERS) break;
      oldest.close();
      this.#readers.delete(id);
    }
    return reader;
  }

  async #spool(body: ReadableStream<Uint8Array>, path: string): Promise<number> {
    using file = await Deno.open(path, { write: true, create: true, truncate: true });
    let bytes = 0;
    try {
      for await (const chunk of body) {
        bytes += chunk.length;
        if (bytes > this.#maxUploadBytes) {
          throw new DomainError(
            "too_large",
            `Cannot take the dataset: at most ${this.#maxUploadBytes} bytes (MAX_UPLOAD_BYTES), got more`,
          );
        }
        for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
      }
      await file.sync();
    } catch (error) {
      if (error instanceof DomainError) throw error;
      throw diskFull(error) ?? new DomainError(
        "malformed",
        `Cannot take the dataset: the upload broke off after ${bytes} bytes`,
        { type: "upload_incomplete" },
      );
    }
    return bytes;
  }
}

function pageOf<T>(all: T[], { after = -1, limit }: { after?: number; limit: number }): Paged<T> {
  return { data: all.slice(after + 1, after + 1 + limit), has_more: after + 1 + limit < all.length };
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function diskFull(error: unknown): DomainError | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new DomainError("disk_full", "Cannot keep the dataset: the disk is full");
  }
}
