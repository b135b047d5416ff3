import { createTarDecoder } from "modern-tar";
import { DomainError } from "../domain/errors.ts";

/** A file of an archive, or why it is not taken. Its name is a label; nothing is ever written under it. */
export type ArchiveMember =
  | { path: string; bytes: Uint8Array<ArrayBuffer> }
  | { path: string; rejected: string };

/** A file larger than this is no photograph to train on, and would be held in memory whole. */
const MAX_MEMBER_BYTES = 64 * 2 ** 20;
const BLOCK = 512;

/**
 * The files of a tar or gzipped tar, in order, one in memory at a time. Directories are passed over; links and devices
 * are told as rejected.
 *
 * @param onBytes Told how many more of the file's bytes have been read.
 * @throws {DomainError} `unsupported_media_type` for another kind of archive; `malformed` where it is damaged or ends
 *   early: an archive without its end mark may have lost files.
 */
export async function* readArchive(
  file: string,
  onBytes: (bytes: number) => void = () => {},
): AsyncGenerator<ArchiveMember> {
  const gzip = await isGzip(file), { readable: bytes } = await Deno.open(file);
  const readable = bytes.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        onBytes(chunk.length);
        controller.enqueue(chunk);
      },
    }),
  );
  const tail = new Tail();
  try {
    const tar = (gzip ? readable.pipeThrough(new DecompressionStream("gzip")) : readable).pipeThrough(
      tail.watch(),
    );
    for await (const { header, body } of tar.pipeThrough(createTarDecoder({ strict: true }))) {
      const path = header.name.replace(/^(\.\/)+/, "");
      const reason = refusal(header.type ?? "file", header.size);
      if (header.type === "directory") await body.cancel();
      else if (reason) {
        await body.cancel();
        yield { path, rejected: reason };
      } else {
        const bytes = await new Response(body).bytes();
        if (bytes.length !== header.size) {
          throw new Error(`${path} has ${bytes.length} of its ${header.size} bytes`);
        }
        yield { path, bytes };
      }
    }
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw damaged((error as Error).message);
  }
  if (!tail.ended) throw damaged("it ends without its end mark, so part of it may be missing");
}

function refusal(type: string, size: number): string | undefined {
  if (type !== "file") return `it is a ${type}, not a file`;
  if (size > MAX_MEMBER_BYTES) return `it has ${size} bytes, more than ${MAX_MEMBER_BYTES}`;
}

const damaged = (reason: string): DomainError =>
  new DomainError("malformed", `Cannot read the archive: ${reason}`, { type: "archive_malformed" });

/** @throws {DomainError} For a zip or Parquet file by its magic, and for a file that is too short to be a tar. */
async function isGzip(path: string): Promise<boolean> {
  using file = await Deno.open(path);
  const magic = new Uint8Array(BLOCK), length = await file.read(magic) ?? 0;
  const starts = (...bytes: number[]) => bytes.every((byte, i) => magic[i] === byte);
  if (starts(0x1f, 0x8b)) return true;
  const other = starts(0x50, 0x4b) ? "a zip" : starts(0x50, 0x41, 0x52, 0x31) ? "a Parquet file" : undefined;
  if (other) {
    throw new DomainError(
      "unsupported_media_type",
      `Cannot read the archive: it is ${other}; tar and tar.gz are built so far`,
    );
  }
  if (length < BLOCK) throw damaged(`${length} bytes are no tar`);
  return false;
}

/** Watches a tar's bytes go by for its end mark: two blocks of zeros, whatever padding follows. */
class Tail {
  #zeros = 0;
  get ended(): boolean {
    return this.#zeros >= 2 * BLOCK;
  }
  watch(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (chunk, controller) => {
        let zeros = 0;
        while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
        this.#zeros = zeros === chunk.length ? this.#zeros + zeros : zeros;
        controller.enqueue(chunk);
      },
    });
  }
}
