import { DomainError } from "../domain/errors.ts";
import type { SkippedFile } from "./sample.ts";

/** A file of an archive. Its path is a label of any content; nothing is ever written under it. */
export interface ArchiveEntry {
  path: string;
  /** Its bytes, as the archive declares them. */
  size: number;
  /** Why it is not to be read: it is a link, or encrypted. */
  refused?: string;
  /** It is a link or a device, with no content of its own: listed, and not held against the archive. */
  isLink?: boolean;
  /**
   * Its content. To be read, if at all, once and before the next entry is asked for.
   *
   * @throws {DomainError} `malformed` where the archive is damaged.
   */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}
/**
 * Reads an archive from its beginning, one entry in memory at a time; called again, it reads it again. The one pass that
 * is for the `images` is told as progress; any before it, in `search` of what else the archive says, is not.
 */
export type ReadArchive = (pass: "search" | "images") => AsyncGenerator<ArchiveEntry>;
/** Told how many more of an archive's bytes, as they lie on disk, have been read. */
export type OnBytes = (bytes: number) => void;

export interface ArchiveLimits {
  /** Files and folders: above ImageNet's 1.3 million, below where an index of them alone is a burden. */
  entries: number;
  /** A larger file is no photograph to train on, and would be held in memory whole. */
  entryBytes: number;
  /** What comes out of a compressed archive may be this many times what went in, */
  expansion: number;
  /** and this many bytes beside, for small archives of plain images do shrink a thousandfold. */
  freeBytes: number;
  /** A zip's central directory is held in memory whole. */
  directoryBytes: number;
}
export const ARCHIVE_LIMITS: ArchiveLimits = {
  entries: 2_000_000,
  entryBytes: 64 * 2 ** 20,
  expansion: 200,
  freeBytes: 64 * 2 ** 20,
  directoryBytes: 256 * 2 ** 20,
};

/** The archive cannot be read, or not to its end. */
export const damaged = (reason: string): DomainError =>
  new DomainError("malformed", `Cannot read the archive: ${reason}`, { type: "archive_malformed" });
/** The archive can be read, and is refused for what reading it would cost. */
export const overLimit = (reason: string): DomainError =>
  new DomainError("invalid", `Cannot take the archive: ${reason}`, { type: "archive_limits" });
/** The archive can be read, and does not hold what its format wants. */
export const unfit = (reason: string): DomainError =>
  new DomainError("invalid", `Cannot read the dataset: ${reason}`, { type: "dataset_invalid" });

/** Any error of a library that reads archives, as one that the archive's owner can act on. */
export function asDamaged(error: unknown, where: string): Error {
  // What the system answers is about the disk, not about the archive.
  if (error instanceof DomainError || (error instanceof Error && "code" in error && error.code === "EIO")) {
    return error;
  }
  return damaged(`${error instanceof Error ? error.message : error} (${where})`);
}

/** Why an entry is not read whole; undefined if it can be. */
export function refusal(entry: ArchiveEntry, limits: ArchiveLimits): string | undefined {
  if (entry.refused) return entry.refused;
  if (entry.size > limits.entryBytes) return `it has ${entry.size} bytes, more than ${limits.entryBytes}`;
}

/** An entry that is not read, as a sample. */
export const passedOver = ({ path, isLink }: ArchiveEntry, reason: string): SkippedFile => ({
  ...{ path, reason },
  ...(isLink ? { skipped: true } : {}),
});

/**
 * An entry's whole content; to be asked for only where `refusal` has no reason.
 *
 * @throws {DomainError} `malformed` where it has not the bytes that it declares.
 */
export async function readEntry({ path, size, chunks }: ArchiveEntry): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for await (const chunk of chunks()) {
    if (at + chunk.length > size) throw damaged(`${path} has more than its ${size} bytes`);
    bytes.set(chunk, at);
    at += chunk.length;
  }
  if (at < size) throw damaged(`${path} has ${at} of its ${size} bytes`);
  return bytes;
}

/** What an archive or compressed file begins with; images do not. */
const ARCHIVES: readonly [name: string, at: number, magic: readonly number[]][] = [
  ["a zip", 0, [0x50, 0x4b, 3, 4]],
  ["a gzip file", 0, [0x1f, 0x8b, 8]],
  ["a tar", 257, [0x75, 0x73, 0x74, 0x61, 0x72]],
  ["a Parquet file", 0, [0x50, 0x41, 0x52, 0x31]],
  ["a 7z archive", 0, [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c]],
  ["a rar archive", 0, [0x52, 0x61, 0x72, 0x21, 0x1a, 7]],
  ["a zstd file", 0, [0x28, 0xb5, 0x2f, 0xfd]],
  ["an xz file", 0, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]],
];
/** Names what kind of archive some bytes begin; undefined for none that is known. */
export function archiveKind(bytes: Uint8Array): string | undefined {
  return ARCHIVES.find(([, at, magic]) => magic.every((byte, i) => bytes[at + i] === byte))?.[0];
}
