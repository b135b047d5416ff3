import type { DatabaseSync } from "node:sqlite";
import type { StoreCounts } from "../domain/measures.ts";
import type { Store } from "../domain/ports.ts";

/** Both are answered by an index alone: rows are long, and these are asked for with every scrape. */
export const COUNT_JOBS = "SELECT kind, status, count(*) AS count FROM jobs GROUP BY kind, status";
export const COUNT_DATASETS = "SELECT status, count(*) AS count FROM datasets GROUP BY status";

/** How many jobs and datasets the store keeps, by state. */
export function sqliteCounts(db: DatabaseSync): Pick<Store, "counts"> {
  const jobs = db.prepare(COUNT_JOBS);
  const datasets = db.prepare(COUNT_DATASETS);
  return {
    counts: () => ({
      jobs: jobs.all().map((row) => ({ ...row })) as StoreCounts["jobs"],
      datasets: datasets.all().map((row) => ({ ...row })) as StoreCounts["datasets"],
    }),
  };
}
