/** Read where they are wanted; together with {@link PAGES} this is what an open file may hold of memory: 8 MiB. */
const PAGE_BYTES = 4096;
const PAGES = 2048;

/**
 * A file of fixed-size entries, read by page and kept in a small cache: whole where it fits there, else the pages that
 * were wanted last. An entry must not straddle a page, so its size divides 4,096.
 */
export class PagedFile {
  readonly bytes: number;
  readonly #file: Deno.FsFile;
  readonly #pages = new Map<number, DataView>();
  readonly #pageBytes: number;

  /** @throws {Deno.errors.NotFound} If there is no such file. */
  constructor(readonly path: string) {
    this.#file = Deno.openSync(path);
    this.bytes = this.#file.statSync().size;
    this.#pageBytes = this.bytes <= PAGES * PAGE_BYTES ? Math.max(1, this.bytes) : PAGE_BYTES;
  }

  /** The page that holds what is at `offset`, and where in it that is. Valid until the file is closed. */
  locate(offset: number): { view: DataView; at: number } {
    const page = Math.floor(offset / this.#pageBytes);
    return { view: this.#pages.get(page) ?? this.#load(page), at: offset - page * this.#pageBytes };
  }

  uint32(index: number): number {
    const { view, at } = this.locate(4 * index);
    return view.getUint32(at, true);
  }

  /**
   * Reads a stretch past the cache.
   *
   * @throws {TypeError} If the file ends before it.
   */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    readFully(this.#file, offset, bytes, this.path);
    return bytes;
  }

  close(): void {
    this.#file.close();
    this.#pages.clear();
  }

  #load(page: number): DataView {
    const from = page * this.#pageBytes;
    const bytes = this.read(from, Math.min(this.#pageBytes, Math.max(0, this.bytes - from)));
    // The oldest goes: which was wanted last would have to be written down at every read of a training run.
    if (this.#pages.size >= PAGES) this.#pages.delete(this.#pages.keys().next().value!);
    const view = new DataView(bytes.buffer);
    this.#pages.set(page, view);
    return view;
  }
}

/**
 * Fills `target` from `offset` on.
 *
 * @param name What is read, for the error.
 * @throws {TypeError} If the file ends early.
 */
export function readFully(file: Deno.FsFile, offset: number, target: Uint8Array, name: string): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  for (let filled = 0; filled < target.length;) {
    const read = file.readSync(target.subarray(filled));
    if (read === null) throw new TypeError(`Cannot read ${name}: it ends early`);
    filled += read;
  }
}
