import { DatabaseSync } from "node:sqlite";
import { DomainError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import { migrate } from "./migrate.ts";
import { sqliteBackup } from "./sqlite_backup.ts";
import { sqliteCheckpoints } from "./sqlite_checkpoints.ts";
import { sqliteDatasets } from "./sqlite_datasets.ts";
import { sqliteEvents } from "./sqlite_events.ts";
import { sqliteJobs } from "./sqlite_jobs.ts";

/** SQLite's words for its code 13, which Deno leaves out of what `exec` throws. */
const FULL = "database or disk is full";

/**
 * Opens, or makes, the store in one SQLite file and holds it alone until `close()` or the process's end. What finds no
 * room on the disk throws a {@link DomainError} `disk_full`, and has changed nothing.
 *
 * @throws {Error} If another process holds the file, or a newer version made it.
 */
export function openSqliteStore(path: string, now: () => Date = () => new Date()): Store {
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
      throw new Error(`Cannot open ${path}: another process holds it`, { cause: error });
    }
    throw error;
  }
  const events = sqliteEvents(db, now);
  return tellingFullDisk({
    ...sqliteDatasets(db),
    ...sqliteJobs(db, events.appendEvent, now),
    ...events,
    ...sqliteCheckpoints(db, events.appendEvent),
    ...sqliteBackup(db),
    close: () => db.close(),
  });
}

function tellingFullDisk(store: Store): Store {
  const tell = (error: unknown): never => {
    if (!(error instanceof Error && error.message.includes(FULL))) throw error;
    throw new DomainError("disk_full", "Cannot write to the database: the disk is full");
  };
  const telling = (call: (...args: unknown[]) => unknown) => (...args: unknown[]) => {
    try {
      const result = call(...args);
      return result instanceof Promise ? result.catch(tell) : result;
    } catch (error) {
      tell(error);
    }
  };
  return Object.fromEntries(
    Object.entries(store).map(([name, call]) => [name, telling(call)]),
  ) as unknown as Store;
}
