import { join } from "@std/path";
import type { Backup } from "../domain/backup.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId, isId, newId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { removeTree, syncDirectory } from "../files/durable.ts";
import { linkTree } from "../files/link_tree.ts";
import { exists, namesIn } from "../files/look.ts";
import { log } from "../log/log.ts";

/** Written last, and last to be read: what a backup is. */
const DESCRIPTION = "backup.json";
const FOLDER = "backups";
export const DATABASE = "latentd.sqlite";

type Copy = (from: string, to: string) => Promise<number>;

/**
 * Copies of `DATA_DIR` under `DATA_DIR/backups`, each with the shape of a `DATA_DIR`, made while the server works. A
 * backup is a moment of the database and every directory that it lists then: what is listed cannot be removed meanwhile,
 * and is complete, for it is listed after its files. These never change, so that nearly all of a backup is links.
 *
 * Not in it: resumable uploads that are no dataset yet, and files that an import reads where they lie.
 */
export class Backups {
  readonly #dataDir: string;
  readonly #store: Pick<Store, "snapshot">;
  readonly #copyDataset: Copy;
  readonly #hold: () => () => void;
  readonly #now: () => Date;
  #busy = false;

  /**
   * @param options.copyDataset Copies a dataset's directory that may be ingested.
   * @param options.hold Keeps everything that is listed from being removed, and what is ready as it is, until what it
   *   returns is called.
   */
  constructor({ dataDir, store, copyDataset, hold, now = () => new Date() }: {
    dataDir: string;
    store: Pick<Store, "snapshot">;
    copyDataset: Copy;
    hold: () => () => void;
    now?: () => Date;
  }) {
    this.#dataDir = dataDir;
    this.#store = store;
    this.#copyDataset = copyDataset;
    this.#hold = hold;
    this.#now = now;
  }

  /**
   * Makes a backup. It appears whole and durable, or not at all.
   *
   * @throws {DomainError} `conflict` while another is being made; `disk_full`.
   */
  async create(): Promise<Backup> {
    if (this.#busy) throw new DomainError("conflict", "Cannot make a backup: another is being made");
    this.#busy = true;
    const id = newId("bak"), unfinished = this.#at(`.${id}.tmp`), release = this.#hold();
    try {
      const created_at = this.#now().toISOString(), missing: string[] = [];
      for (const folder of ["", "datasets", "checkpoints", "results"]) {
        await Deno.mkdir(join(unfinished, folder), { recursive: true });
      }
      const listed = await this.#store.snapshot(join(unfinished, DATABASE));
      let { size: bytes } = await Deno.stat(join(unfinished, DATABASE));
      const copies = { datasets: this.#copyDataset, checkpoints: linkTree, results: linkTree };
      for (const folder of ["datasets", "checkpoints", "results"] as const) {
        for (const name of listed[folder]) {
          const [from, to] = [this.#dataDir, unfinished].map((root) => join(root, folder, name));
          if (await exists(from)) bytes += await copies[folder](from, to);
          else missing.push(name);
        }
        await syncDirectory(join(unfinished, folder));
      }
      const backup: Backup = {
        ...{ id, object: "backup", path: join(FOLDER, id), datasets: listed.datasets.length },
        ...{ checkpoints: listed.checkpoints.length, bytes, missing, created_at },
      };
      await writeDescription(unfinished, backup);
      await Deno.rename(unfinished, this.#at(id));
      await syncDirectory(this.#at(""));
      return backup;
    } catch (error) {
      throw diskFull(error) ?? error;
    } finally {
      release();
      await removeTree(unfinished).catch((error) => log.error(`Cannot remove ${unfinished}`, error));
      this.#busy = false;
    }
  }

  /** Those that are there, the newest first. */
  async list(): Promise<Backup[]> {
    const found: Backup[] = [];
    for (const name of await this.#names()) {
      if (isId("bak", name)) {
        found.push(JSON.parse(await Deno.readTextFile(join(this.#at(name), DESCRIPTION))));
      }
    }
    return found.sort((a, b) => a.id < b.id ? 1 : -1);
  }

  /** Removes a backup. @throws {DomainError} `not_found`. */
  async remove(id: string): Promise<void> {
    const doomed = this.#at(`.${checkId("bak", id)}.tmp`);
    try {
      await Deno.rename(this.#at(id), doomed); // cut short, it is none any more
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      throw new DomainError("not_found", `Cannot delete the backup ${id}: there is none`);
    }
    await removeTree(doomed);
  }

  /** Removes what a server that died over it has left. To be called once, at start. */
  async sweep(): Promise<void> {
    for (const name of await this.#names()) {
      if (isId("bak", name.match(/^\.(.+)\.tmp$/)?.[1] ?? "")) await removeTree(this.#at(name));
    }
  }

  #at(name: string): string {
    return join(this.#dataDir, FOLDER, name);
  }
  #names(): Promise<string[]> {
    return namesIn(this.#at(""));
  }
}

async function writeDescription(directory: string, backup: Backup): Promise<void> {
  const path = join(directory, DESCRIPTION);
  await Deno.writeTextFile(path, JSON.stringify(backup, null, 2) + "\n", { createNew: true });
  using file = await Deno.open(path, { write: true });
  await file.sync();
  await syncDirectory(directory);
}

function diskFull(error: unknown): DomainError | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const isFull = code === "ENOSPC" || code === "EDQUOT" ||
    error instanceof DomainError && error.code === "disk_full";
  return isFull ? new DomainError("disk_full", "Cannot make the backup: the disk is full") : undefined;
}
