import type { DatabaseSync } from "node:sqlite";
import type { StoreCounts } from "../domain/measures.ts";
import type { Store } from "../domain/ports.ts";

/** How many jobs and datasets the store keeps, by state. */
export function sqliteCounts(db: DatabaseSync): Pick<Store, "counts"> {
  const jobs = db.prepare("SELECT kind, status, count(*) AS count FROM jobs GROUP BY kind, status");
  const datasets = db.prepare("SELECT status, count(*) AS count FROM datasets GROUP BY status");
  return {
    counts: () => ({
      jobs: jobs.all().map((row) => ({ ...row })) as StoreCounts["jobs"],
      datasets: datasets.all().map((row) => ({ ...row })) as StoreCounts["datasets"],
    }),
  };
}
