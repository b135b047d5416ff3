import type { DiskReport, StoreCounts, WorkerReport } from "../domain/measures.ts";
import type { SystemFinding, SystemReport } from "../domain/system.ts";
import { VERSION } from "../domain/version.ts";
import { queueDepth } from "./store_metrics.ts";

/** Where a report's figures come from. */
export interface SystemSources {
  provider: string;
  settings: Record<string, string>;
  counts(): StoreCounts;
  workers(): WorkerReport[];
  disk(): DiskReport | undefined;
  findings: SystemFinding[];
}

/** The server as it is now. */
export function systemReport(
  { provider, settings, counts, workers, disk, findings }: SystemSources,
): SystemReport {
  const { jobs, datasets } = counts(), counted = { jobs, datasets };
  const memory = Deno.memoryUsage(), machine = Deno.systemMemoryInfo(), used = disk();
  return {
    object: "system",
    versions: { latentd: VERSION, deno: Deno.version.deno, v8: Deno.version.v8 },
    started_at: new Date(performance.timeOrigin).toISOString(),
    uptime_s: Math.round(performance.now()) / 1000,
    provider,
    workers: workers().map(({ role, up, restarts, adapter, vitals }) => ({
      ...{ role, up, restarts, adapter: adapter ?? null, resident_bytes: vitals?.resident ?? null },
      ...{ gpu_held_bytes: vitals?.gpuHeld ?? null, gpu_planned_bytes: vitals?.gpuPlanned ?? null },
      ...{ mixed: vitals?.mixed?.why ?? null, models: vitals?.models ?? null },
    })),
    queue: {
      depth: queueDepth(counted),
      running: jobs.reduce((sum, { status, count }) => status === "running" ? sum + count : sum, 0),
      jobs,
    },
    datasets,
    disk: used ? { free_bytes: used.free, total_bytes: used.total, used_bytes: used.used } : null,
    memory: {
      ...{ resident_bytes: memory.rss, heap_used_bytes: memory.heapUsed },
      ...{ machine_total_bytes: machine.total, machine_available_bytes: machine.available },
    },
    findings,
    settings,
  };
}
