import { PagedFile } from "./paged_file.ts";

/**
 * Names on disk, in blocks of 64: in a block each is told by how many bytes it shares with the one before, how many
 * follow, and those (both numbers are LEB128). A second file has where each block begins, as f64, and where the last
 * one ends. Names of one folder take some ten bytes each, and any is found by one read.
 */
const BLOCK = 64;
const NONE = new Uint8Array();

/** Packs names, in order. */
export class NameWriter {
  readonly #starts: number[] = [];
  readonly #encoder = new TextEncoder();
  #block: number[] = [];
  #last: Uint8Array = NONE;
  #count = 0;
  #bytes = 0;

  /** @param write Takes each block when it is full. */
  constructor(readonly write: (block: Uint8Array) => void) {}

  add(name: string): void {
    if (this.#count % BLOCK === 0) this.#flush();
    this.#count++;
    const bytes = this.#encoder.encode(name);
    let shared = 0;
    while (shared < this.#last.length && shared < bytes.length && this.#last[shared] === bytes[shared]) {
      shared++;
    }
    putLength(this.#block, shared);
    putLength(this.#block, bytes.length - shared);
    for (let i = shared; i < bytes.length; i++) this.#block.push(bytes[i]);
    this.#last = bytes;
  }

  /** Writes the last block. @returns The second file's content. */
  finish(): Uint8Array {
    this.#flush();
    const starts = new DataView(new ArrayBuffer(8 * this.#starts.length));
    for (const [i, start] of this.#starts.entries()) starts.setFloat64(8 * i, start, true);
    return new Uint8Array(starts.buffer);
  }

  #flush(): void {
    if (this.#block.length > 0) this.write(Uint8Array.from(this.#block));
    this.#bytes += this.#block.length;
    this.#starts.push(this.#bytes);
    this.#block = [];
    this.#last = NONE;
  }
}

/** Reads names that a {@link NameWriter} has packed. */
export class NameFile {
  readonly #names: PagedFile;
  readonly #starts: PagedFile;
  #decoded: { block: number; names: string[] } | undefined;

  constructor(names: string, starts: string) {
    this.#names = new PagedFile(names);
    this.#starts = new PagedFile(starts);
  }

  /** Name `n`; a list is best read in order, for a block is unpacked once. */
  get(n: number): string {
    const block = Math.floor(n / BLOCK);
    if (this.#decoded?.block !== block) {
      const [from, to] = [block, block + 1].map((at) => {
        const { view, at: place } = this.#starts.locate(8 * at);
        return view.getFloat64(place, true);
      });
      this.#decoded = { block, names: unpack(this.#names.read(from, to - from)) };
    }
    return this.#decoded.names[n % BLOCK];
  }

  close(): void {
    this.#names.close();
    this.#starts.close();
  }
}

function putLength(target: number[], length: number): void {
  for (; length >= 0x80; length >>>= 7) target.push((length & 0x7f) | 0x80);
  target.push(length);
}

function unpack(block: Uint8Array): string[] {
  const names: string[] = [], decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let last = NONE, at = 0;
  const length = () => {
    let value = 0, shift = 0;
    for (; block[at] >= 0x80; shift += 7) value |= (block[at++] & 0x7f) << shift;
    return value | (block[at++] << shift);
  };
  while (at < block.length) {
    const shared = length(), rest = length(), bytes = new Uint8Array(shared + rest);
    bytes.set(last.subarray(0, shared));
    bytes.set(block.subarray(at, at += rest), shared);
    names.push(decoder.decode(bytes));
    last = bytes;
  }
  return names;
}
