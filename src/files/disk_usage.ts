import { statfs } from "node:fs/promises";
import { join } from "@std/path";

/** A walk is begun when what is known is older. */
const STALE_MS = 60_000;
/** Files looked at before others get a turn on this thread. */
const TURN = 256;

/** What a directory's parts take on the disk, known without waiting: a walk behind the scenes brings it up to date. */
export class DiskUsage<Use extends string> {
  #used: Record<Use, number> | undefined;
  #disk: { free: number; total: number } | undefined;
  #at = -Infinity;
  #walk: Promise<void> | undefined;

  /**
   * @param uses Which use an entry of the directory is of, by its name.
   * @param all Every use, so that one without a file is told as 0.
   * @param failed Told why a walk found nothing out; what was known stays.
   */
  constructor(
    readonly directory: string,
    readonly uses: (name: string) => Use,
    readonly all: readonly Use[],
    readonly failed: (error: unknown) => void,
    readonly staleMs = STALE_MS,
  ) {}

  /** What was counted last, in bytes; undefined before the first walk. Begins another where that is stale. */
  report(): { free: number; total: number; used: Record<Use, number> } | undefined {
    if (performance.now() - this.#at > this.staleMs) this.refresh();
    return this.#used && this.#disk && { ...this.#disk, used: { ...this.#used } };
  }

  /** Counts anew; one walk at a time. Never rejects: what goes while it is looked at is not there. */
  refresh(): Promise<void> {
    this.#at = performance.now();
    return this.#walk ??= this.#count().catch((error) => this.failed(error))
      .finally(() => this.#walk = undefined);
  }

  async #count(): Promise<void> {
    const used = Object.fromEntries(this.all.map((use) => [use, 0])) as Record<Use, number>;
    for await (const entry of Deno.readDir(this.directory)) {
      used[this.uses(entry.name)] += await sizeOf(join(this.directory, entry.name), entry, { files: 0 });
    }
    const { bavail, blocks, bsize } = await statfs(this.directory);
    this.#disk = { free: bavail * bsize, total: blocks * bsize };
    this.#used = used;
  }
}

/** Bytes that an entry and what lies in it take: of sparse files what is there. Links are not followed. */
async function sizeOf(
  path: string,
  entry: { isDirectory: boolean },
  walk: { files: number },
): Promise<number> {
  if (++walk.files % TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  try {
    if (!entry.isDirectory) {
      const { blocks, size } = await Deno.lstat(path);
      return blocks === null ? size : blocks * 512;
    }
    let bytes = 0;
    for await (const inside of Deno.readDir(path)) {
      bytes += await sizeOf(join(path, inside.name), inside, walk);
    }
    return bytes;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}
