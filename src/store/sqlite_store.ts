import { DatabaseSync } from "node:sqlite";
import { DomainError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import { migrate } from "./migrate.ts";
import { Reserve } from "./reserve.ts";
import { type CopyFile, sqliteBackup } from "./sqlite_backup.ts";
import { sqliteCheckpoints } from "./sqlite_checkpoints.ts";
import { sqliteCounts } from "./sqlite_counts.ts";
import { sqliteDatasets } from "./sqlite_datasets.ts";
import { sqliteEvents } from "./sqlite_events.ts";
import { sqliteJobs } from "./sqlite_jobs.ts";

/** SQLite's words for its codes 13, 10 and 8, which Deno leaves out of what `exec` throws, and ours. */
const DISK_FAULTS: Record<string, string> = {
  "database or disk is full": "the disk is full",
  "disk I/O error": "the disk has failed (SQLite's I/O error)",
  "attempt to write a readonly database": "the disk is read-only",
};

/**
 * Opens, or makes, the store in one SQLite file and holds it alone until `close()` or the process's end. What finds no
 * room on the disk throws a {@link DomainError} `disk_full`, and has changed nothing.
 *
 * @param copyFile Copies the database's file for `snapshot`, which does not work without.
 * @throws {Error} If another process holds the file, or a newer version made it.
 */
export function openSqliteStore(
  path: string,
  now: () => Date = () => new Date(),
  copyFile: CopyFile = () =>
    Promise.reject(new TypeError("Cannot copy the database: nothing is there to do it")),
): Store {
  const db = new DatabaseSync(path, { timeout: 0 });
  try {
    // One server a database: a second one would take this one's running jobs for a dead server's.
    db.exec("PRAGMA locking_mode = EXCLUSIVE");
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    db.exec("BEGIN IMMEDIATE; COMMIT");
    migrate(db);
  } catch (error) {
    db.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) {
      throw new Error(
        `Cannot open ${path}: another process holds it, a server that runs on the same DATA_DIR`,
        { cause: error },
      );
    }
    throw error;
  }
  const events = sqliteEvents(db, now),
    reserve = path === ":memory:" ? undefined : new Reserve(`${path}-reserve`);
  reserve?.hold();
  return tellingFullDisk({
    ...sqliteDatasets(db),
    ...sqliteJobs(db, events.appendEvent, now),
    ...events,
    ...sqliteCheckpoints(db, events.appendEvent),
    ...sqliteBackup(db, path, copyFile),
    ...sqliteCounts(db),
    close: () => db.close(),
  }, reserve);
}

/** How a job stands may be written when nothing else may: it gets what is in reserve. */
function tellingFullDisk(store: Store, reserve: Reserve | undefined): Store {
  const tell = (error: unknown): never => {
    throw toDiskFull(error) ?? error;
  };
  const telling = (name: string, call: (...args: unknown[]) => unknown) => (...args: unknown[]) => {
    const moves = name === "moveJob";
    try {
      const result = call(...args);
      if (moves) reserve?.hold();
      return result instanceof Promise ? result.catch(tell) : result;
    } catch (error) {
      if (!moves || !toDiskFull(error) || !reserve?.release()) return tell(error);
      try {
        return call(...args);
      } catch (error) {
        tell(error);
      }
    }
  };
  return Object.fromEntries(
    Object.entries(store).map(([name, call]) => [name, telling(name, call)]),
  ) as unknown as Store;
}

function toDiskFull(error: unknown): DomainError | undefined {
  if (!(error instanceof Error)) return undefined;
  const [, reason] = Object.entries(DISK_FAULTS).find(([words]) => error.message.includes(words)) ?? [];
  return reason === undefined
    ? undefined
    : new DomainError("disk_full", `Cannot write to the database: ${reason}`);
}
