import type { DatabaseSync } from "node:sqlite";
import type { Dataset, DatasetSummary } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { Store } from "../domain/ports.ts";
import { cut } from "./page.ts";

interface Row {
  id: string;
  name: string;
  status: Dataset["status"];
  summary: string;
  settings: string;
  error: string | null;
  created_at: string;
}

function toDataset({ id, name, status, created_at, summary, settings, error }: Row): Dataset {
  return {
    ...{ id, object: "dataset", name, status },
    // Summaries from before these were counted have neither.
    ...{
      duplicates: null,
      warnings: [],
      ...JSON.parse(summary) as Omit<DatasetSummary, "duplicates" | "warnings">,
    },
    ...{ settings: JSON.parse(settings), created_at },
    ...(error === null ? {} : { error: JSON.parse(error) }),
  };
}

/** The store's datasets, kept in `db`. */
export function sqliteDatasets(
  db: DatabaseSync,
): Pick<Store, "createDataset" | "getDataset" | "listDatasets" | "settleDataset" | "deleteDataset"> {
  const insert = db.prepare(
    "INSERT INTO datasets (id, name, status, summary, settings, error, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const get = db.prepare("SELECT * FROM datasets WHERE id = ?");
  const list = db.prepare("SELECT * FROM datasets WHERE (?1 IS NULL OR id < ?1) ORDER BY id DESC LIMIT ?2");
  const settle = db.prepare(
    "UPDATE datasets SET status = ?, summary = coalesce(?, summary), error = ? WHERE id = ?",
  );
  const remove = db.prepare("DELETE FROM datasets WHERE id = ?");
  return {
    createDataset(dataset) {
      const {
        id,
        object: _object,
        name,
        status,
        settings,
        progress: _progress,
        error,
        created_at,
        ...summary
      } = dataset;
      const texts = [summary, settings].map((value) => JSON.stringify(value));
      insert.run(id, name, status, ...texts, error ? JSON.stringify(error) : null, created_at);
    },
    getDataset(id) {
      const row = get.get(id) as unknown as Row | undefined;
      return row && toDataset(row);
    },
    listDatasets({ after, limit }) {
      return cut((list.all(after ?? null, limit + 1) as unknown as Row[]).map(toDataset), limit);
    },
    settleDataset(id, { status, summary, error }) {
      const { changes } = settle.run(
        status,
        summary ? JSON.stringify(summary) : null,
        error ? JSON.stringify(error) : null,
        id,
      );
      if (changes === 0) throw new DomainError("not_found", `Cannot settle ${id}: there is no such dataset`);
    },
    deleteDataset(id) {
      remove.run(id);
    },
  };
}
