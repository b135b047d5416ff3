import { join } from "@std/path";
import { npyHeader } from "../domain/npy.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { unfinishedOf } from "./result_files.ts";

const STANDING = "standing.json";

/** What rows are of: with any other, they are begun anew. Plain JSON. */
export type RowsOf = Record<string, string | number | boolean | null>;

/**
 * f32 rows on disk that a job adds to, in NumPy's format, and where they end for certain: a job that was cut short goes on
 * from there.
 */
export class RowFile {
  #kept: number;
  private constructor(
    readonly path: string,
    readonly directory: string,
    readonly file: Deno.FsFile,
    readonly of: RowsOf,
    readonly rows: number,
    readonly columns: number,
    kept: number,
    public written: number,
  ) {
    this.#kept = kept;
  }

  /**
   * Opens what an earlier attempt has kept, or begins anew.
   *
   * @param directory Where results lie (`DATA_DIR/results`); made if it is missing.
   * @param shape `[rows, columns]` that it will have in the end.
   */
  static async open(
    directory: string,
    job: string,
    name: string,
    [rows, columns]: [rows: number, columns: number],
    of: RowsOf,
  ): Promise<RowFile> {
    const unfinished = unfinishedOf(directory, job), path = join(unfinished, name);
    await Deno.mkdir(unfinished, { recursive: true });
    const about = { ...of, rows, columns };
    const header = npyHeader(rows, columns), endOf = (kept: number) => header.length + 4 * columns * kept;
    const file = await Deno.open(path, { read: true, write: true, create: true });
    let kept = await keptRows(unfinished, about);
    try {
      if ((await file.stat()).size < endOf(kept)) kept = 0; // the disk has lost what it said it had
      if (kept === 0) {
        await removeTree(join(unfinished, STANDING)); // before there is anything that it could be taken to be of
        await syncDirectory(unfinished);
        await file.truncate(0);
        await writeAll(file, header);
      }
      const end = endOf(kept);
      await file.truncate(end);
      await file.seek(end, Deno.SeekMode.Start);
    } catch (error) {
      file.close();
      throw error;
    }
    return new RowFile(path, unfinished, file, about, rows, columns, kept, kept);
  }

  /** Rows that are on disk for certain. */
  get kept(): number {
    return this.#kept;
  }

  /** @param rows `[n, columns]`, row-major. */
  async append(rows: Float32Array): Promise<void> {
    await writeAll(this.file, new Uint8Array(rows.buffer, rows.byteOffset, rows.byteLength));
    this.written += rows.length / this.columns;
  }

  /** Makes all that was written durable. @returns Whether there was more than before. */
  async keep(): Promise<boolean> {
    if (this.written === this.#kept) return false;
    await this.file.sync();
    const path = join(this.directory, STANDING), temporary = `${path}.new`;
    {
      using standing = await Deno.open(temporary, { write: true, create: true, truncate: true });
      const text = JSON.stringify({ of: this.of, kept: this.written });
      await writeAll(standing, new TextEncoder().encode(text));
      await standing.sync();
    }
    await Deno.rename(temporary, path);
    await syncDirectory(this.directory);
    this.#kept = this.written;
    return true;
  }

  /** Rows `from` … `from + count − 1`, which were written. */
  async read(from: number, count: number): Promise<Float32Array> {
    using file = await Deno.open(this.path);
    const rows = new Float32Array(count * this.columns), bytes = new Uint8Array(rows.buffer);
    const start = npyHeader(this.rows, this.columns).length + 4 * this.columns * from;
    await file.seek(start, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) {
      const got = await file.read(bytes.subarray(at));
      if (got === null) throw new TypeError(`Cannot read ${this.path}: it ends before row ${from + count}`);
      at += got;
    }
    return rows;
  }

  close(): void {
    this.file.close();
  }
}

/** How many rows an earlier attempt has kept of the same; 0 where there was none. */
async function keptRows(unfinished: string, about: RowsOf): Promise<number> {
  try {
    const { of, kept } = JSON.parse(await Deno.readTextFile(join(unfinished, STANDING)));
    return sameRows(of, about) ? kept : 0;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

const sameRows = (a: RowsOf, b: RowsOf): boolean =>
  [a, b].every((one) => Object.keys(one).every((key) => a[key] === b[key]));

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
