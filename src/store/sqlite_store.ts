import { DatabaseSync } from "node:sqlite";
import type { Store } from "../domain/ports.ts";
import { migrate } from "./migrate.ts";
import { sqliteCheckpoints } from "./sqlite_checkpoints.ts";
import { sqliteDatasets } from "./sqlite_datasets.ts";
import { sqliteEvents } from "./sqlite_events.ts";
import { sqliteJobs } from "./sqlite_jobs.ts";

/**
 * Opens, or makes, the store in one SQLite file and holds it alone until `close()` or the process's end.
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
  return {
    ...sqliteDatasets(db),
    ...sqliteJobs(db, events.appendEvent, now),
    ...events,
    ...sqliteCheckpoints(db, events.appendEvent),
    close: () => db.close(),
  };
}
