/**
 * The wire between the server and its children: frames over a byte stream, each a JSON header and raw bytes behind it.
 *
 *   u32 header length · u32 payload length · header (UTF-8 JSON) · payload      (lengths little-endian)
 */
export interface Frame<Header = unknown> {
  header: Header;
  payload: Uint8Array<ArrayBuffer>;
}

const PREFIX_BYTES = 8;
/** Past these a length is taken for garbage on the stream, not for a message. */
export const MAX_HEADER_BYTES = 16 * 2 ** 20;
export const MAX_PAYLOAD_BYTES = 2 ** 31 - 1;

/**
 * The frames of a stream, until it ends.
 *
 * @throws {RangeError} If a length is over its limit.
 * @throws {SyntaxError} If a header is not JSON.
 * @throws {TypeError} If the stream ends inside a frame.
 */
export async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<Frame> {
  const reader = new ExactReader(stream);
  try {
    for (;;) {
      const prefix = await reader.read(PREFIX_BYTES, true);
      if (!prefix) return;
      const lengths = new DataView(prefix.buffer);
      const headerBytes = lengths.getUint32(0, true), payloadBytes = lengths.getUint32(4, true);
      checkLengths("read", headerBytes, payloadBytes);
      const header = JSON.parse(new TextDecoder().decode((await reader.read(headerBytes))!));
      yield { header, payload: (await reader.read(payloadBytes))! };
    }
  } finally {
    await reader.cancel();
  }
}

function checkLengths(verb: string, headerBytes: number, payloadBytes: number): void {
  if (headerBytes <= MAX_HEADER_BYTES && payloadBytes <= MAX_PAYLOAD_BYTES) return;
  throw new RangeError(
    `Cannot ${verb} a frame: at most ${MAX_HEADER_BYTES} and ${MAX_PAYLOAD_BYTES} bytes, got ${headerBytes} and ${payloadBytes}`,
  );
}

/** Takes exact numbers of bytes from a stream of arbitrary chunks. */
class ExactReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** @returns Exactly `length` bytes; undefined where the stream ends before the first of them and `mayEnd`. */
  async read(length: number, mayEnd = false): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      if (this.#chunk.length === 0) {
        const { value, done } = await this.#reader.read();
        if (done) {
          if (mayEnd && filled === 0) return undefined;
          throw new TypeError(`Cannot read a frame: the stream ended ${length - filled} bytes early`);
        }
        this.#chunk = value;
        continue;
      }
      const part = this.#chunk.subarray(0, length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return bytes;
  }
  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}

/** A frame up to this size is one write: its copy is cheaper than the turns that more writes take. */
const ONE_WRITE_BYTES = 2 ** 20;
/** What a pipe takes at once on Linux, so that whoever writes it hardly ever waits. */
const AT_ONCE_BYTES = 2 ** 16;

/** Writes frames whole and in the order of the calls, at the pace of the other side. */
export class FrameWriter {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #last: Promise<void> = Promise.resolve();
  /** Frames that are not written yet. */
  #waiting = 0;

  /**
   * @param writeNow Writes some of the bytes to the same place before it returns, and says how many. Small frames that wait
   *   for no others go by it: to Deno's standard output a write of the stream's is a thread's, there and back.
   */
  constructor(stream: WritableStream<Uint8Array>, readonly writeNow?: (bytes: Uint8Array) => number) {
    this.#writer = stream.getWriter();
    // A closed pipe shows itself to whoever writes next; nobody awaits this one.
    this.#writer.closed.catch(() => {});
  }

  /**
   * @returns When the frame is written. Rejects if the other side is gone.
   * @throws {RangeError} At once, if a length is over its limit: the stream is not touched.
   */
  write(header: unknown, payload: Uint8Array = new Uint8Array()): Promise<void> {
    const parts = partsOf(header, payload);
    if (this.writeNow && this.#waiting === 0 && parts.length === 1 && parts[0].length <= AT_ONCE_BYTES) {
      try {
        for (let [rest] = parts; rest.length > 0;) rest = rest.subarray(this.writeNow(rest));
        return Promise.resolve();
      } catch (error) {
        return Promise.reject(error);
      }
    }
    this.#waiting++;
    const written = this.#last.then(async () => {
      for (const part of parts) await this.#writer.write(part);
    }).finally(() => this.#waiting--);
    this.#last = written.catch(() => {});
    return written;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#writer.close();
  }
}

/** A frame's bytes, in as few pieces as are worth it. */
function partsOf(header: unknown, payload: Uint8Array): Uint8Array[] {
  const text = new TextEncoder().encode(JSON.stringify(header));
  checkLengths("write", text.length, payload.length);
  const first = PREFIX_BYTES + text.length, whole = first + payload.length <= ONE_WRITE_BYTES;
  const bytes = new Uint8Array(whole ? first + payload.length : first), lengths = new DataView(bytes.buffer);
  lengths.setUint32(0, text.length, true);
  lengths.setUint32(4, payload.length, true);
  bytes.set(text, PREFIX_BYTES);
  if (whole) bytes.set(payload, first);
  return whole ? [bytes] : [bytes, payload];
}
