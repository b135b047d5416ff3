import { type Entry, Reader, ZipReader } from "@zip.js/zip.js";
import {
  type ArchiveEntry,
  type ArchiveLimits,
  asDamaged,
  damaged,
  type OnBytes,
  overLimit,
} from "./archive.ts";

const LOCAL_HEADER_BYTES = 30;
const STORED = 0, DEFLATED = 8;
/** Entries come in the calling thread: zip.js's own workers would need rights, and inflating is not what takes long. */
const OPTIONS = { useWebWorkers: false, filenameValidation: "tolerant", checkSignature: true } as const;

/**
 * The files of a zip, in the order of its central directory, each read from where it lies on disk.
 *
 * The directory is gone through once before anything is unpacked, so that an archive that could never be taken in is
 * refused at once. Folders are passed over; links and encrypted files are told as refused.
 *
 * @throws {DomainError} `malformed` where it is damaged or ends early; `invalid` (`archive_limits`) past a limit, and for
 *   entries that share bytes.
 */
export async function* readZip(
  path: string,
  { limits, onBytes = () => {} }: { limits: ArchiveLimits; onBytes?: OnBytes },
): AsyncGenerator<ArchiveEntry> {
  using file = await Deno.open(path);
  const { size } = await file.stat(), reader = new FileReader(file, size, limits);
  const where = `of a file of ${size} bytes`;
  try {
    await checkDirectory(reader, size, limits);
    // Told by entries, whether they were read or passed over; what is between and behind them, at the end.
    let told = 0;
    const tellUpTo = (bytes: number) => {
      onBytes(bytes - told);
      told = bytes;
    };
    for await (const entry of new ZipReader(reader, OPTIONS).getEntriesGenerator()) {
      const before = told, bytes = bytesOf(entry);
      if (!entry.directory) {
        const refused = refusalOf(entry);
        yield {
          path: entry.filename.replace(/^(\.\/)+/, ""),
          size: entry.uncompressedSize,
          ...(refused ? { refused } : {}),
          chunks: () => chunksOf(entry, (share) => tellUpTo(before + Math.floor(share * bytes))),
        };
      }
      tellUpTo(before + bytes);
    }
    tellUpTo(size);
  } catch (error) {
    throw asDamaged(error, where);
  }
}

function refusalOf(entry: Entry): string | undefined {
  if (entry.symlink) return "it is a symlink, not a file";
  if (entry.encrypted) return "it is encrypted";
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) {
    return `its compression (method ${entry.compressionMethod}) is neither stored nor deflated`;
  }
}

/** What an entry takes of the file, its directory's row and its local header's extra fields apart. */
const bytesOf = (entry: Entry): number =>
  LOCAL_HEADER_BYTES + entry.rawFilename.length + entry.compressedSize;

async function checkDirectory(reader: FileReader, size: number, limits: ArchiveLimits): Promise<void> {
  let entries = 0, unpacked = 0;
  const spans: [start: number, end: number, path: string][] = [];
  for await (const entry of new ZipReader(reader, OPTIONS).getEntriesGenerator()) {
    if (++entries > limits.entries) throw overLimit(`it has more than ${limits.entries} entries`);
    unpacked += entry.uncompressedSize;
    const end = entry.offset + bytesOf(entry);
    if (end > size) {
      throw damaged(
        `${entry.filename} lies at bytes ${entry.offset} to ${end}, and the file ends at ${size}`,
      );
    }
    spans.push([entry.offset, end, entry.filename]);
  }
  if (unpacked > limits.freeBytes + limits.expansion * size) {
    throw overLimit(`its ${size} bytes unpack to ${unpacked}, more than ${limits.expansion} times as much`);
  }
  spans.sort(([a], [b]) => a - b);
  for (const [i, [start, , path]] of spans.entries()) {
    if (i > 0 && start < spans[i - 1][1]) throw overLimit(`${path} shares bytes with ${spans[i - 1][2]}`);
  }
}

async function* chunksOf(
  entry: Entry,
  onShare: (share: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (entry.directory) return;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array<ArrayBuffer>>();
  const reader = readable.getReader(), done = entry.getData(writable);
  // Where it fails before it writes, as for a damaged local header, the stream alone would be waited for without end.
  const failed = done.then(() => new Promise<never>(() => {}));
  failed.catch(() => {});
  let bytes = 0;
  try {
    for (;;) {
      const { done: ended, value } = await Promise.race([reader.read(), failed]);
      if (ended) break;
      bytes += value.length;
      onShare(Math.min(1, bytes / entry.uncompressedSize));
      yield value;
    }
    await done;
  } catch (error) {
    throw asDamaged(error, `${entry.filename}, at byte ${entry.offset}`);
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Gives zip.js parts of a file on disk, none larger than may be held in memory. */
class FileReader extends Reader<Deno.FsFile> {
  readonly #file: Deno.FsFile;
  readonly #maxBytes: number;

  constructor(file: Deno.FsFile, size: number, { directoryBytes }: ArchiveLimits) {
    super(file);
    this.#file = file;
    this.#maxBytes = directoryBytes;
    this.size = size;
  }
  override init(): Promise<void> {
    return Promise.resolve();
  }
  override async readUint8Array(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    if (wanted > this.#maxBytes) {
      throw overLimit(`its directory has ${wanted} bytes, more than ${this.#maxBytes}`);
    }
    const bytes = new Uint8Array(wanted);
    await this.#file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < wanted;) {
      const read = await this.#file.read(bytes.subarray(at));
      if (read === null) throw damaged(`it ends at byte ${offset + at}`);
      at += read;
    }
    return bytes;
  }
}
