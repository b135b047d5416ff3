import { Gauge, type Registry } from "prom-client";
import { DATASET_STATUSES } from "../domain/dataset.ts";
import { JOB_KINDS, JOB_STATUSES } from "../domain/job.ts";
import type { StoreCounts } from "../domain/measures.ts";

/** Jobs and datasets by state, counted when they are asked for: the store is what knows. */
export function storeMetrics(registry: Registry, counts: () => StoreCounts): void {
  const registers = [registry];
  new Gauge({
    ...{ name: "latentd_jobs", help: "Jobs, by kind and status.", registers },
    labelNames: ["kind", "status"],
    collect() {
      for (const kind of JOB_KINDS) {
        for (const status of JOB_STATUSES) this.set({ kind, status }, 0);
      }
      for (const { kind, status, count } of counts().jobs) this.set({ kind, status }, count);
    },
  });
  new Gauge({
    ...{ name: "latentd_queue_depth", help: "Jobs that wait for the training worker.", registers },
    collect() {
      this.set(queueDepth(counts()));
    },
  });
  new Gauge({
    ...{ name: "latentd_datasets", help: "Datasets, by status.", registers, labelNames: ["status"] },
    collect() {
      for (const status of DATASET_STATUSES) this.set({ status }, 0);
      for (const { status, count } of counts().datasets) this.set({ status }, count);
    },
  });
}

/** Jobs that wait. */
export const queueDepth = ({ jobs }: StoreCounts): number =>
  jobs.reduce((sum, { status, count }) => status === "queued" ? sum + count : sum, 0);
