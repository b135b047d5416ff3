import { join } from "@std/path";
import type { DatasetColumns, DatasetOverview, DatasetVersion } from "../domain/atlas.ts";
import { DomainError, type Failure, fromFailure } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import { removeTree } from "../files/durable.ts";
import { namesIn } from "../files/look.ts";

export interface OverviewRequest {
  directory: string;
  fingerprint: string;
  /** What to draw; the columns are asked for without. */
  atlas?: { n: number; px: number };
}
export type OverviewAnswer = { columns: DatasetColumns } | { atlas: Uint8Array<ArrayBuffer> } | {
  failure: Failure;
};

/** Atlases that are kept: some 3000 of 32 pixels, of three million images. They are made again in a third of a second. */
const KEEP_BYTES = 2 ** 29;
/** Columns that are kept: five bytes an image, or seven. */
const KEEP_COLUMNS = 4;

/** What is being made, and how many wait for it. */
interface Making<T> {
  made: Promise<T>;
  waiting: number;
}

/**
 * Columns and atlases of datasets, made on one thread, one after another. Atlases are kept under
 * `<directory>/<fingerprint>/<px>-<n>.webp`: that they can be made again, nothing is lost with them.
 */
export class DatasetOverviews implements DatasetOverview {
  readonly #making = new Map<string, Making<unknown>>();
  readonly #columns = new Map<string, DatasetColumns>();
  #thread: Worker | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly options: {
      /** Where atlases are kept. */
      directory: string;
      /** Where datasets lie. */
      datasets: string;
      keepBytes?: number;
      /** Told when an atlas was kept: its dataset may have gone meanwhile. */
      onKept?: () => void;
    },
  ) {}

  async columns(version: DatasetVersion, signal?: AbortSignal): Promise<DatasetColumns> {
    const { fingerprint } = version, known = this.#columns.get(fingerprint);
    if (known) return known;
    const made = await this.#share(`columns ${fingerprint}`, signal, async () => {
      const answer = await this.#ask(version);
      return (answer as { columns: DatasetColumns }).columns;
    });
    this.#columns.set(fingerprint, made);
    for (const oldest of this.#columns.keys()) {
      if (this.#columns.size <= KEEP_COLUMNS) break;
      this.#columns.delete(oldest);
    }
    return made;
  }

  async atlas(
    version: DatasetVersion,
    n: number,
    px: number,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const folder = join(this.options.directory, hexOf(version.fingerprint)),
      path = join(folder, `${px}-${n}.webp`);
    try {
      const bytes = await Deno.readFile(path), now = new Date();
      await Deno.utime(path, now, now).catch(() => {}); // it was used; if it has gone meanwhile, no harm
      return bytes;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return await this.#share(path, signal, async () => {
      const { atlas } = await this.#ask(version, { n, px }) as { atlas: Uint8Array<ArrayBuffer> };
      await this.#keep(folder, path, atlas).catch(() => {}); // a full disk, say: it is answered all the same
      return atlas;
    });
  }

  /** Removes what is kept of other datasets than these, by fingerprint. */
  async keepOnly(fingerprints: ReadonlySet<string>): Promise<void> {
    const { directory } = this.options, wanted = new Set([...fingerprints].map(hexOf));
    for (const name of await namesIn(directory)) {
      if (!wanted.has(name)) await removeTree(join(directory, name));
    }
  }

  /** Ends the thread, and what was not made yet with it. */
  close(): void {
    this.#thread?.terminate();
    this.#thread = undefined;
  }

  /** Makes a thing once, whoever asks for it, unless nobody does any more when its turn comes. */
  async #share<T>(name: string, signal: AbortSignal | undefined, make: () => Promise<T>): Promise<T> {
    signal?.throwIfAborted();
    let making = this.#making.get(name) as Making<T> | undefined;
    if (!making) {
      const begun: Making<T> = { waiting: 0, made: Promise.resolve() as Promise<never> };
      begun.made = this.#last.then(() => {
        if (begun.waiting > 0) return make();
        throw new DomainError("unavailable", "Cannot look through the dataset: whoever asked has gone");
      }).finally(() => this.#making.delete(name));
      this.#last = begun.made.catch(() => {});
      this.#making.set(name, making = begun);
    }
    const shared = making, { promise: gone, reject } = Promise.withResolvers<never>();
    const leave = () => reject(signal!.reason);
    signal?.addEventListener("abort", leave, { once: true });
    shared.waiting++;
    try {
      return await Promise.race([shared.made, gone]);
    } finally {
      shared.waiting--;
      signal?.removeEventListener("abort", leave);
    }
  }

  async #ask(
    { dataset, fingerprint }: DatasetVersion,
    atlas?: { n: number; px: number },
  ): Promise<OverviewAnswer> {
    const directory = join(this.options.datasets, checkId("ds", dataset));
    const thread = this.#thread ??= new Worker(
      new URL("./overview_thread.ts", import.meta.url).href,
      { type: "module" },
    );
    const { promise, resolve, reject } = Promise.withResolvers<OverviewAnswer>();
    thread.onmessage = ({ data }: MessageEvent<OverviewAnswer>) => resolve(data);
    thread.onerror = (event) => {
      event.preventDefault(); // else the error ends this process too
      thread.terminate();
      if (this.#thread === thread) this.#thread = undefined; // the next gets a new one
      reject(new Error(`Cannot look through ${dataset}: the thread crashed: ${event.message}`));
    };
    thread.postMessage({ directory, fingerprint, atlas } satisfies OverviewRequest);
    const answer = await promise;
    if ("failure" in answer) throw fromFailure(answer.failure);
    return answer;
  }

  async #keep(folder: string, path: string, bytes: Uint8Array): Promise<void> {
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${path}.tmp`, bytes);
    await Deno.rename(`${path}.tmp`, path);
    await this.#dropOldest();
    this.options.onKept?.();
  }

  /** Until what is kept has its room, what was used last the longest ago goes. */
  async #dropOldest(): Promise<void> {
    const { directory, keepBytes = KEEP_BYTES } = this.options;
    const files: { path: string; size: number; used: number }[] = [];
    for (const folder of await namesIn(directory)) {
      for (const name of await namesIn(join(directory, folder))) {
        const path = join(directory, folder, name), { size, mtime } = await Deno.stat(path);
        files.push({ path, size, used: mtime?.getTime() ?? 0 });
      }
    }
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files.sort((a, b) => a.used - b.used)) {
      if (total <= keepBytes) return;
      await removeTree(path);
      total -= size;
    }
  }
}

const hexOf = (fingerprint: string): string => fingerprint.replace(/^sha256:/, "");
