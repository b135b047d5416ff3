// The reads below are synchronous, yet whoever calls through the port is to meet rejections, never throws.
// deno-lint-ignore-file require-await
import { join } from "@std/path";
import type {
  DatasetItem,
  DatasetSummary,
  DuplicateGroup,
  RejectedFile,
  RejectedReason,
} from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId, isId } from "../domain/ids.ts";
import type { RgbImage } from "../domain/image.ts";
import type {
  DatasetLibrary,
  Downloader,
  Ingester,
  IngestTask,
  Paged,
  Upload,
  UploadLibrary,
} from "../domain/ports.ts";
import { DatasetReader } from "./dataset_reader.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { exists } from "../files/look.ts";
import { formArchive } from "./form_archive.ts";
import { imagesOf, removeReplaced, removeUnfinished } from "./generations.ts";
import { importPath } from "./import_roots.ts";
import { dropPart, failedParts, failPart, listPart, pendingParts } from "./pending_parts.ts";
import { REJECTED } from "./shard_format.ts";
import { diskFull, removeSpools, spool, spoolPath } from "./spool.ts";

/** Open datasets that are kept for browsing. */
const MAX_READERS = 8;
const MAX_REASONS = 20;

const NO_UPLOADS: UploadLibrary = {
  take: (id) => Promise.reject(new DomainError("not_found", `Cannot find the upload ${id}: there is none`)),
};

const NO_DOWNLOADS: Downloader = {
  download: () => {
    throw new DomainError("forbidden", "Cannot fetch the URL: fetching is off");
  },
};

/** Datasets as directories: `<directory>/<id>`, with what was uploaded, then with the images made of it. */
export class FileDatasetLibrary implements DatasetLibrary {
  readonly #directory: string;
  readonly #ingester: Ingester;
  readonly #maxUploadBytes: number;
  readonly #uploads: UploadLibrary;
  readonly #downloader: Downloader;
  readonly #importRoots: readonly string[];
  readonly #readers = new Map<string, DatasetReader>();

  constructor(
    options: {
      directory: string;
      ingester: Ingester;
      maxUploadBytes: number;
      importRoots?: readonly string[];
      uploads?: UploadLibrary;
      downloader?: Downloader;
    },
  ) {
    this.#directory = options.directory;
    this.#ingester = options.ingester;
    this.#maxUploadBytes = options.maxUploadBytes;
    this.#uploads = options.uploads ?? NO_UPLOADS;
    this.#downloader = options.downloader ?? NO_DOWNLOADS;
    this.#importRoots = options.importRoots ?? [];
  }

  async receive(dataset: string, upload: Upload): Promise<number> {
    const directory = this.#path(dataset), spooled = spoolPath(directory);
    const source = "path" in upload
      ? { path: await importPath(upload.path, this.#importRoots) }
      : "url" in upload
      ? { body: this.#downloader.download(upload.url) }
      : upload;
    const isNew = !await exists(directory);
    try {
      await Deno.mkdir(directory, { recursive: true });
      let bytes = 0;
      if ("body" in source) {
        const { body, boundary }: { body: AsyncIterable<Uint8Array>; boundary?: string } = source,
          archive = boundary ? formArchive(body, boundary) : body;
        bytes = await spool(archive, spooled, this.#maxUploadBytes);
      } else if ("upload" in source) bytes = await this.#uploads.take(source.upload, spooled);
      const part = "path" in source ? source : { file: spooled };
      await listPart(directory, part, imagesOf(directory) ? takenParts(directory) : 0);
      await syncDirectory(this.#directory);
      return bytes;
    } catch (error) {
      await removeTree(isNew ? directory : spooled);
      throw diskFull(error) ?? error;
    }
  }

  async ingest(dataset: string, name: string, task: IngestTask): Promise<DatasetSummary> {
    const directory = this.#path(dataset);
    let waiting: string | undefined; // what was acknowledged and has no room is kept
    for (let part; (part = pendingParts(directory)[0]);) {
      const { number, path: archive } = part;
      try {
        await this.#ingester.ingest({ name, archive, dataset: directory }, { ...task, part: number });
        await dropPart(part);
      } catch (error) {
        await removeUnfinished(directory); // a worker that was killed could not
        const reason = diskFull(error) ?? error;
        // A first part's failure is the dataset's; a later one's must not harm what is there.
        if (task.signal?.aborted || !(reason instanceof DomainError) || !imagesOf(directory)) throw reason;
        if (reason.code === "disk_full") {
          waiting = reason.message;
          break;
        }
        await failPart(directory, part, reason.message);
        await dropPart(part);
      }
    }
    this.#forget(dataset); // whoever browsed has read what is about to go
    await removeReplaced(directory);
    const { summary } = DatasetReader.open(directory).manifest;
    const warnings = failedParts(directory).map(({ number, reason }) => ({
      code: "part_failed" as const,
      message: `part ${number + 1} was not taken in: ${reason}`,
    }));
    const kept = (waiting === undefined ? [] : pendingParts(directory)).map(({ number }) => ({
      code: "part_failed" as const,
      message: `part ${number + 1} is kept, and is taken in when another is added: ${waiting}`,
    }));
    return { ...summary, warnings: [...summary.warnings, ...warnings, ...kept] };
  }

  async sweep(isListed: (dataset: string) => boolean): Promise<string[]> {
    const unlisted: string[] = [];
    for await (const { name, isDirectory } of Deno.readDir(this.#directory)) {
      if (!isDirectory || !isId("ds", name)) continue;
      const directory = join(this.#directory, name);
      removeSpools(directory);
      if (isListed(name)) continue;
      if ([...Deno.readDirSync(directory)].length === 0) await removeTree(directory);
      else unlisted.push(name);
    }
    return unlisted;
  }

  async items(
    dataset: string,
    filter: { split?: string; class?: string },
    { limit, ...page }: { after?: number; offset?: number; limit: number },
  ): Promise<Paged<DatasetItem> & { total: number }> {
    const reader = this.#open(dataset), numbers = reader.browse(filter, { ...page, limit: limit + 1 });
    const data = numbers.slice(0, limit).map((n) => reader.entry(n));
    return { data, has_more: numbers.length > limit, total: reader.count(filter) };
  }

  async image(dataset: string, n: number): Promise<RgbImage> {
    const reader = this.#open(dataset);
    if (!(Number.isInteger(n) && n >= 0 && n < reader.length)) {
      throw new DomainError("not_found", `Cannot find image ${n} of ${dataset}: it has ${reader.length}`);
    }
    return reader.image(n);
  }

  async original(dataset: string, n: number): Promise<Uint8Array<ArrayBuffer>> {
    const reader = this.#open(dataset);
    const missing = (why: string) =>
      new DomainError("not_found", `Cannot find the original of image ${n} of ${dataset}: ${why}`);
    if (!(Number.isInteger(n) && n >= 0 && n < reader.length)) {
      throw missing(`it has ${reader.length} images`);
    }
    const bytes = reader.original(n);
    if (!bytes) throw missing("it was not kept, as it is where a dataset is uploaded with originals=true");
    return bytes;
  }

  async rejected(
    dataset: string,
    page: { after?: number; limit: number },
  ): Promise<Paged<RejectedFile> & { reasons: RejectedReason[] }> {
    const directory = this.#path(dataset), report = join(directory, REJECTED);
    // An archive that is unreadable as a whole has no list.
    const failed = await exists(report) ? JSON.parse(await Deno.readTextFile(report)) : [];
    const all: RejectedFile[] = imagesOf(directory) ? [...this.#open(dataset).rejected(), ...failed] : failed;
    return { ...pageOf(all, page), reasons: countReasons(all) };
  }

  async duplicates(
    dataset: string,
    page: { after?: number; limit: number },
  ): Promise<Paged<DuplicateGroup>> {
    return pageOf(this.#open(dataset).duplicates(), page);
  }

  async remove(dataset: string): Promise<void> {
    this.#forget(dataset);
    await removeTree(this.#path(dataset));
  }

  #forget(dataset: string): void {
    this.#readers.get(dataset)?.close();
    this.#readers.delete(dataset);
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
}

/** How many parts a dataset's images are of. */
function takenParts(directory: string): number {
  const reader = DatasetReader.open(directory), { parts } = reader.manifest;
  reader.close();
  return parts?.taken ?? 1;
}

/** Reasons told of most files; numbers in them are told as #, since they differ from file to file. */
function countReasons(files: RejectedFile[]): RejectedReason[] {
  const counts = new Map<string, number>();
  for (const { reason } of files) {
    const general = reason.replaceAll(/\d+/g, "#");
    counts.set(general, (counts.get(general) ?? 0) + 1);
  }
  return [...counts].map(([reason, files]) => ({ reason, files })).sort((a, b) => b.files - a.files)
    .slice(0, MAX_REASONS);
}

function pageOf<T>(all: T[], { after = -1, limit }: { after?: number; limit: number }): Paged<T> {
  return { data: all.slice(after + 1, after + 1 + limit), has_more: after + 1 + limit < all.length };
}
