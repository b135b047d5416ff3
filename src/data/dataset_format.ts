import type { DatasetFormat } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import {
  ARCHIVE_LIMITS,
  type ArchiveEntry,
  archiveKind,
  type ArchiveLimits,
  damaged,
  type OnBytes,
  type ReadArchive,
  unfit,
} from "./archive.ts";
import { looksLikeCifar, looksLikeRecords, readCifar } from "./cifar.ts";
import { readFolder } from "./folder_archive.ts";
import { readImageFolder } from "./image_folder.ts";
import { readParquet } from "./parquet.ts";
import type { Sample } from "./sample.ts";
import { readTar } from "./tar_archive.ts";
import { looksLikeWebDataset, readWebDataset } from "./webdataset.ts";
import { readZip } from "./zip_archive.ts";

/** Files that are looked at to tell what an archive holds. */
const SNIFFED = 64;
/** Enough to see the labels of some records of CIFAR, or a tar's first header. */
const HEAD_BYTES = 32 * 1024;
const TAR_BLOCK = 512;

type Container = "folder" | "tar" | "gzip" | "zip" | "parquet" | "records";

export interface ReadOptions {
  /** What the upload is to be read as; found out where it is not given. */
  format?: DatasetFormat;
  limits?: ArchiveLimits;
  onBytes?: OnBytes;
  signal?: AbortSignal;
}

/**
 * The images of an upload, in order, whatever it is: told by its bytes, never by a name or by what a client says it is.
 *
 * @param options `onBytes` is told of the one pass over the file that is for its images, and so of no byte twice.
 * @throws {DomainError} `malformed` for a damaged upload, `invalid` for one past a limit or that is not of the format,
 *   `unsupported_media_type` for another kind of archive. Anything else once `signal` is aborted.
 */
export async function* readSamples(
  path: string,
  { format, limits = ARCHIVE_LIMITS, onBytes, signal }: ReadOptions = {},
): AsyncGenerator<Sample> {
  const container = await containerOf(path, format);
  if ((container === "parquet") !== ((format ?? container) === "parquet")) {
    const is = container === "parquet" ? "a Parquet file" : "no Parquet file";
    throw unfit(`it is ${is}, and format is ${format}`);
  }
  if (container === "parquet") return yield* readParquet(path, { limits, onBytes, signal });
  const archive: ReadArchive = async function* (pass) {
    const told = pass === "images" ? onBytes : undefined;
    const entries = container === "folder"
      ? readFolder(path, told)
      : container === "records"
      ? wholeFile(path, told)
      : container === "zip"
      ? readZip(path, { limits, onBytes: told })
      : readTar(path, { gzip: container === "gzip", limits, onBytes: told });
    for await (const entry of entries) {
      signal?.throwIfAborted();
      yield entry;
    }
  };
  switch (format ?? (container === "records" ? "cifar10" : await contentsOf(archive))) {
    case "cifar10":
      return yield* readCifar(archive, limits);
    case "webdataset":
      return yield* readWebDataset(archive, limits);
    default:
      return yield* readImageFolder(archive, limits);
  }
}

async function containerOf(path: string, format: DatasetFormat | undefined): Promise<Container> {
  if ((await Deno.stat(path)).isDirectory) return "folder";
  using file = await Deno.open(path);
  const { size } = await file.stat(), buffer = new Uint8Array(Math.min(HEAD_BYTES, size));
  let length = 0;
  for (let read; (read = await file.read(buffer.subarray(length))) !== null && read > 0;) length += read;
  const head = buffer.subarray(0, length), kind = archiveKind(head);
  if (kind === "a gzip file") return "gzip";
  // An empty zip is its directory's end alone.
  if (kind === "a zip" || [0x50, 0x4b, 5, 6].every((byte, i) => head[i] === byte)) return "zip";
  if (kind === "a tar") return "tar";
  if (kind === "a Parquet file") return "parquet";
  if (kind) {
    const reason = `it is ${kind}; tar, tar.gz, zip and Parquet are taken`;
    throw new DomainError("unsupported_media_type", `Cannot read the archive: ${reason}`);
  }
  // A tar of old has no magic, but the sum of its header; and zeros alone are an empty tar.
  if (!isOldTar(head) && (format === "cifar10" || looksLikeRecords(size, head))) return "records";
  if (length < TAR_BLOCK) throw damaged(`${length} bytes are no tar, zip, Parquet file or CIFAR batch`);
  return "tar";
}

function isOldTar(head: Uint8Array): boolean {
  if (head.length < TAR_BLOCK) return false;
  const SUM = 148, SUM_BYTES = 8, SPACE = 0x20;
  const stored = parseInt(new TextDecoder().decode(head.subarray(SUM, SUM + SUM_BYTES)).trim(), 8);
  let sum = SUM_BYTES * SPACE;
  for (let i = 0; i < TAR_BLOCK; i++) if (i < SUM || i >= SUM + SUM_BYTES) sum += head[i];
  return sum === stored;
}

/** A file as an archive of itself. */
async function* wholeFile(path: string, onBytes: OnBytes = () => {}): AsyncGenerator<ArchiveEntry> {
  const { size } = await Deno.stat(path);
  yield {
    path: "upload.bin",
    size,
    chunks: async function* () {
      for await (const chunk of (await Deno.open(path)).readable) {
        onBytes(chunk.length);
        yield chunk;
      }
    },
  };
}

async function contentsOf(archive: ReadArchive): Promise<DatasetFormat> {
  const first: { path: string; size: number }[] = [];
  for await (const { path, size } of archive("search")) {
    if (first.push({ path, size }) === SNIFFED) break;
  }
  if (looksLikeCifar(first)) return "cifar10";
  return looksLikeWebDataset(first.map(({ path }) => path)) ? "webdataset" : "imagefolder";
}
