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
/** Entries of a directory between two looks at what else is to be done. */
const BREATH = 10_000;
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
          ...(refused ? { refused, isLink: entry.symlink } : {}),
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
  const tooMany = (entries: number) => {
    if (entries > limits.entries) throw overLimit(`it has more than ${limits.entries} entries`);
  };
  tooMany(await declaredEntries(reader, size));
  const starts: number[] = [], ends: number[] = [];
  let unpacked = 0;
  for await (const entry of new ZipReader(reader, OPTIONS).getEntriesGenerator()) {
    unpacked += entry.uncompressedSize;
    const end = entry.offset + bytesOf(entry);
    if (end > size) {
      throw damaged(
        `${entry.filename} lies at bytes ${entry.offset} to ${end}, and the file ends at ${size}`,
      );
    }
    starts.push(entry.offset);
    ends.push(end);
    tooMany(starts.length);
    // It is all in memory, so nothing else has this thread wait: whoever watches would take it for hung.
    if (starts.length % BREATH === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  if (unpacked > limits.freeBytes + limits.expansion * size) {
    throw overLimit(`its ${size} bytes unpack to ${unpacked}, more than ${limits.expansion} times as much`);
  }
  // If no byte is in two entries, then, each in order, entry n ends before entry n + 1 begins; and the other way round.
  const inOrder = Float64Array.from(starts).sort(), sortedEnds = Float64Array.from(ends).sort();
  const shared = inOrder.find((start, i) => i > 0 && start < sortedEnds[i - 1]);
  if (shared !== undefined) throw overLimit(await namesAt(reader, shared));
}

/** How many entries the archive says it has, so that one of millions need not be gone through; 0 where it does not say. */
async function declaredEntries(reader: FileReader, size: number): Promise<number> {
  const END_BYTES = 22, COMMENT_BYTES = 65_535, LOCATOR_BYTES = 20, MANY = 0xffff;
  const from = Math.max(0, size - END_BYTES - COMMENT_BYTES - LOCATOR_BYTES);
  const tail = await reader.readUint8Array(from, size - from), view = new DataView(tail.buffer);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const entries = view.getUint16(at + 10, true), locator = at - LOCATOR_BYTES;
    if (entries < MANY || locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return entries;
    const zip64 = Number(view.getBigUint64(locator + 8, true)), COUNT_AT = 32;
    const count = await reader.readUint8Array(zip64 + COUNT_AT, 8);
    return count.length < 8 ? entries : Number(new DataView(count.buffer).getBigUint64(0, true));
  }
  return 0;
}

async function namesAt(reader: FileReader, byte: number): Promise<string> {
  const names: string[] = [];
  for await (const entry of new ZipReader(reader, OPTIONS).getEntriesGenerator()) {
    if (entry.offset <= byte && byte < entry.offset + bytesOf(entry)) names.push(entry.filename);
    if (names.length === 2) break;
  }
  return `${names[1]} shares bytes with ${names[0]}`;
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
