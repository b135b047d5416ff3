import type { DatabaseSync } from "node:sqlite";
import type { Checkpoint } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import type { EventType, JobEvent } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";
import { cut } from "./page.ts";
import { transact } from "./transact.ts";

type Row =
  & Pick<Checkpoint, "id" | "job" | "arch" | "px" | "step" | "epoch" | "created_at">
  & Record<"metrics" | "files", string>;

const toCheckpoint = ({ id, job, arch, px, step, epoch, metrics, files, created_at }: Row): Checkpoint => ({
  ...{ id, object: "checkpoint", job, arch, px, step, epoch },
  ...{ metrics: JSON.parse(metrics), files: JSON.parse(files), created_at },
});

/** The store's checkpoints and the aliases that name them, kept in `db`. */
export function sqliteCheckpoints(
  db: DatabaseSync,
  appendEvent: (job: string, type: EventType, data: Record<string, unknown>) => JobEvent,
): Pick<
  Store,
  | "createCheckpoint"
  | "getCheckpoint"
  | "listCheckpoints"
  | "listLatestFirst"
  | "deleteCheckpoint"
  | "setAlias"
  | "getAlias"
  | "listAliases"
  | "deleteAlias"
> {
  const insert = db.prepare(
    `INSERT INTO checkpoints (id, job, arch, px, step, epoch, metrics, files, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const listLatestFirst = db.prepare("SELECT * FROM checkpoints WHERE job = ? ORDER BY rowid DESC");
  const forgiveDeaths = db.prepare(
    `UPDATE jobs SET deaths = 0
     WHERE id = ?1 AND ?2 > (SELECT coalesce(max(step), 0) FROM checkpoints WHERE job = ?1)`,
  );
  const remove = db.prepare("DELETE FROM checkpoints WHERE id = ?");
  const get = db.prepare("SELECT * FROM checkpoints WHERE id = ?");
  const list = db.prepare(
    `SELECT * FROM checkpoints WHERE (?1 IS NULL OR job = ?1) AND (?2 IS NULL OR id < ?2)
     ORDER BY id DESC LIMIT ?3`,
  );
  const setAlias = db.prepare(
    `INSERT INTO aliases (alias, checkpoint) VALUES (?, ?)
     ON CONFLICT (alias) DO UPDATE SET checkpoint = excluded.checkpoint,
       previous = CASE WHEN checkpoint = excluded.checkpoint THEN previous ELSE checkpoint END`,
  );
  const getAlias = db.prepare("SELECT checkpoint FROM aliases WHERE alias = ?");
  const listAliases = db.prepare(
    `SELECT alias, checkpoint, (SELECT id FROM checkpoints WHERE id = previous) AS previous
     FROM aliases ORDER BY alias`,
  );
  const deleteAlias = db.prepare("DELETE FROM aliases WHERE alias = ?");

  function getCheckpoint(id: string): Checkpoint | undefined {
    const row = get.get(id) as unknown as Row | undefined;
    return row && toCheckpoint(row);
  }
  return {
    createCheckpoint(checkpoint) {
      const { id, job, arch, px, step, epoch, metrics, files, created_at } = checkpoint;
      transact(db, () => {
        if (job !== null) forgiveDeaths.run(job, step);
        const json = [metrics, files].map((value) => JSON.stringify(value));
        insert.run(id, job, arch, px, step, epoch, ...json, created_at);
        if (job !== null) appendEvent(job, "checkpoint", { ...checkpoint });
      });
    },
    getCheckpoint,
    listCheckpoints({ job }, { after, limit }) {
      const rows = list.all(job ?? null, after ?? null, limit + 1) as unknown as Row[];
      return cut(rows.map(toCheckpoint), limit);
    },
    listLatestFirst: (job) => (listLatestFirst.all(job) as unknown as Row[]).map(toCheckpoint),
    deleteCheckpoint(id) {
      remove.run(id);
    },
    setAlias(alias, checkpoint) {
      if (!getCheckpoint(checkpoint)) {
        throw new DomainError("not_found", `Cannot alias ${checkpoint}: there is no such checkpoint`);
      }
      setAlias.run(alias, checkpoint);
    },
    getAlias: (alias) => (getAlias.get(alias) as { checkpoint: string } | undefined)?.checkpoint,
    listAliases: () =>
      (listAliases.all() as unknown as ReturnType<Store["listAliases"]>).map((row) => ({ ...row })),
    deleteAlias: (alias) => deleteAlias.run(alias).changes > 0,
  };
}
