import type { DatabaseSync } from "node:sqlite";
import type { Store } from "../domain/ports.ts";

/** Copies a file that this process holds a lock on, and makes it durable. */
export type CopyFile = (from: string, to: string) => Promise<void>;

/** How many pages of its log SQLite puts into the database's file at once, by itself: its own default. */
const AUTOCHECKPOINT_PAGES = 1000;

/**
 * Copies of the database while it is held. All that is in the log goes into the file, which then does not change until
 * SQLite may put more into it, and that waits for the copy. SQLite's own backup, as Deno has it, takes the thread to its end
 * whatever its `rate`: 2.4 ms a MB.
 *
 * @param copyFile Not by this process: when it closes a file, it loses every lock that it has on it (fcntl(2)).
 */
export function sqliteBackup(db: DatabaseSync, file: string, copyFile: CopyFile): Pick<Store, "snapshot"> {
  const ids = (of: string) =>
    (db.prepare(`SELECT id FROM ${of} ORDER BY id`).all() as { id: string }[]).map(({ id }) => id);
  let last = Promise.resolve();
  async function copy(to: string): ReturnType<Store["snapshot"]> {
    db.exec("PRAGMA wal_autocheckpoint = 0");
    try {
      const { busy } = db.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
      if (busy) throw new Error("Cannot copy the database: something reads it");
      const listed = { // as of the same moment
        ...{ datasets: ids("datasets"), checkpoints: ids("checkpoints") },
        results: ids("jobs WHERE json_array_length(result, '$.files') > 0"),
      };
      await copyFile(file, to);
      if (!db.isOpen) throw new Error("Cannot copy the database: it was closed meanwhile");
      return listed;
    } finally {
      if (db.isOpen) db.exec(`PRAGMA wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`);
    }
  }
  return {
    snapshot(to) {
      const copied = last.then(() => copy(to));
      last = copied.then(() => {}, () => {});
      return copied;
    },
  };
}
