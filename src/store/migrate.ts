import type { DatabaseSync } from "node:sqlite";
import initial from "./migrations/0001_initial.sql" with { type: "text" };
import deaths from "./migrations/0002_deaths.sql" with { type: "text" };
import settings from "./migrations/0003_dataset_settings.sql" with { type: "text" };
import retries from "./migrations/0004_retries.sql" with { type: "text" };
import leases from "./migrations/0005_leases.sql" with { type: "text" };
import models from "./migrations/0006_models.sql" with { type: "text" };
import counts from "./migrations/0007_counts.sql" with { type: "text" };
import evaluations from "./migrations/0008_evaluations.sql" with { type: "text" };
import listing from "./migrations/0009_listing.sql" with { type: "text" };
import { transact } from "./transact.ts";

const MIGRATIONS = [initial, deaths, settings, retries, leases, models, counts, evaluations, listing];
/** Of the databases that this version makes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings a database up to this version's tables; SQLite's `user_version` counts the migrations applied.
 *
 * @throws {Error} If the database was made by a newer version.
 */
export function migrate(db: DatabaseSync): void {
  const { user_version: applied } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (applied > MIGRATIONS.length) {
    throw new Error(
      `Cannot open the database: it is of a newer version, at most ${MIGRATIONS.length} is known, got ${applied}`,
    );
  }
  for (const [i, sql] of MIGRATIONS.entries()) {
    if (i < applied) continue;
    transact(db, () => {
      db.exec(sql);
      db.exec(`PRAGMA user_version = ${i + 1}`);
    });
  }
}
