import { Gauge, Histogram, type Registry } from "prom-client";
import { DISK_USES, type DiskReport } from "../domain/measures.ts";
import { VERSION } from "../domain/version.ts";

/** How often the server's thread is asked whether it is late. */
const LAG_EVERY_MS = 200;

/**
 * What is measured of the server's own process and its disk.
 *
 * @returns What ends the measuring.
 */
export function processMetrics(
  registry: Registry,
  disk: () => DiskReport | undefined,
): () => void {
  const registers = [registry];
  new Gauge({
    ...{ name: "latentd_build_info", help: "1; the labels say what runs.", registers },
    labelNames: ["version", "deno"],
  }).set({ version: VERSION, deno: Deno.version.deno }, 1);
  new Gauge({
    ...{ name: "process_start_time_seconds", help: "When the server began, in Unix time.", registers },
  }).set(performance.timeOrigin / 1000);
  new Gauge({
    ...{ name: "process_resident_memory_bytes", help: "The server's resident memory.", registers },
    collect() {
      this.set(Deno.memoryUsage().rss);
    },
  });
  new Gauge({
    ...{ name: "latentd_heap_used_bytes", help: "The server's JavaScript heap.", registers },
    collect() {
      this.set(Deno.memoryUsage().heapUsed);
    },
  });
  new Gauge({
    ...{ name: "latentd_disk_free_bytes", help: "What DATA_DIR's disk has left.", registers },
    collect() {
      const report = disk();
      if (report) this.set(report.free);
    },
  });
  new Gauge({
    ...{ name: "latentd_disk_total_bytes", help: "What DATA_DIR's disk holds.", registers },
    collect() {
      const report = disk();
      if (report) this.set(report.total);
    },
  });
  new Gauge({
    ...{ name: "latentd_disk_used_bytes", registers, labelNames: ["use"] },
    help: "What lies under DATA_DIR, by use, as it was counted within the last minutes.",
    collect() {
      const report = disk();
      if (report) { for (const use of DISK_USES) this.set({ use }, report.used[use]); }
    },
  });
  const lag = new Histogram({
    ...{ name: "latentd_event_loop_lag_seconds", registers },
    help: "How late the server's thread came to a timer.",
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
  });
  let due = performance.now() + LAG_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - due) / 1000);
    due = now + LAG_EVERY_MS;
  }, LAG_EVERY_MS);
  return () => clearInterval(timer);
}
