import { createTarDecoder } from "modern-tar";
import {
  type ArchiveEntry,
  type ArchiveLimits,
  asDamaged,
  damaged,
  type OnBytes,
  overLimit,
} from "./archive.ts";

const BLOCK = 512;

/**
 * The files of a tar or gzipped tar (ustar with prefix, pax, GNU long names), in order. Folders are passed over; links
 * and devices are told as refused.
 *
 * @throws {DomainError} `malformed` where it is damaged or ends early: an archive without its end mark may have lost
 *   files. `invalid` (`archive_limits`) past a limit.
 */
export async function* readTar(
  path: string,
  { gzip, limits, onBytes }: { gzip: boolean; limits: ArchiveLimits; onBytes?: OnBytes },
): AsyncGenerator<ArchiveEntry> {
  const { readable } = await Deno.open(path), meter = new Meter(gzip ? limits : undefined, onBytes);
  const where = () => `at byte ${meter.bytes} of the ${gzip ? "unpacked " : ""}tar`;
  const packed = readable.pipeThrough(meter.watchPacked());
  const unpacked = gzip ? packed.pipeThrough(new DecompressionStream("gzip")) : packed;
  const tar = unpacked.pipeThrough(meter.watch()).pipeThrough(createTarDecoder({ strict: true }));
  let entries = 0;
  try {
    for await (const { header, body } of tar) {
      if (++entries > limits.entries) {
        throw overLimit(`it has more than ${limits.entries} entries`);
      }
      const type = header.type ?? "file";
      if (type !== "directory") {
        yield {
          path: header.name.replace(/^(\.\/)+/, ""),
          size: header.size,
          ...(type === "file" ? {} : { refused: `it is a ${type}, not a file`, isLink: true }),
          chunks: () => chunksOf(body, where),
        };
      }
      // Read to its end, never cancelled: modern-tar 0.8.6 may be past it already, and would then cancel the next.
      if (!body.locked) { for await (const _ of body); }
    }
  } catch (error) {
    throw asDamaged(error, where());
  }
  if (!meter.ended) throw damaged(`it ends without its end mark, so part of it may be missing (${where()})`);
}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  where: () => string,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for await (const chunk of body) yield chunk as Uint8Array<ArrayBuffer>;
  } catch (error) {
    throw asDamaged(error, where());
  }
}

/** Counts a tar's bytes as they go by, and sees its end mark: two blocks of zeros, whatever padding follows. */
class Meter {
  bytes = 0;
  #packed = 0;
  #zeros = 0;

  /** @param limits To hold what is unpacked against what it was packed in. */
  constructor(readonly limits: ArchiveLimits | undefined, readonly onBytes: OnBytes = () => {}) {}

  get ended(): boolean {
    return this.#zeros >= 2 * BLOCK;
  }
  watchPacked(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.#packed += chunk.length;
        this.onBytes(chunk.length);
        controller.enqueue(chunk);
      },
    });
  }
  watch(): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.bytes += chunk.length;
        if (this.limits && this.bytes > this.limits.freeBytes + this.limits.expansion * this.#packed) {
          throw overLimit(
            `its first ${this.#packed} bytes unpack to over ${this.bytes}, more than ${this.limits.expansion} times as much`,
          );
        }
        let zeros = 0;
        while (zeros < chunk.length && chunk[chunk.length - 1 - zeros] === 0) zeros++;
        this.#zeros = zeros === chunk.length ? this.#zeros + zeros : zeros;
        controller.enqueue(chunk);
      },
    });
  }
}
