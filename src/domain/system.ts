import type { AdapterReport, DiskUse, StoreCounts } from "./measures.ts";

/** Something that was looked at. */
export interface SystemFinding {
  severity: "ok" | "warning" | "error";
  check: string;
  message: string;
  /** What to do, or one of these; none where nothing is. */
  remedy: string[];
}

/** The server as its operator sees it. Bytes and seconds. */
export interface SystemReport {
  object: "system";
  versions: { latentd: string; deno: string; v8: string };
  started_at: string;
  uptime_s: number;
  /** WebGPU's implementation that the workers use: GPU_PROVIDER. */
  provider: string;
  workers: {
    role: string;
    up: boolean;
    restarts: number;
    /** As the worker describes it; null while there is none, and of one that uses no GPU. */
    adapter: AdapterReport | null;
    resident_bytes: number | null;
    gpu_held_bytes: number | null;
    gpu_planned_bytes: number | null;
    /** Who computes in mixed precision, and why; null of one that does not train, or where GPU_PROVIDER says it. */
    mixed: string | null;
    /** What the worker holds ready to embed with, used last first; null of one that does not embed. */
    models: { checkpoint: string; bytes: number }[] | null;
  }[];
  queue: { depth: number; running: number; jobs: StoreCounts["jobs"] };
  datasets: StoreCounts["datasets"];
  /** Null until it was first counted. */
  disk: { free_bytes: number; total_bytes: number; used_bytes: Record<DiskUse, number> } | null;
  memory: {
    resident_bytes: number;
    heap_used_bytes: number;
    machine_total_bytes: number;
    machine_available_bytes: number;
  };
  /** What `deno task doctor` finds that can be told of a server that runs, and how its workers are; as of a minute ago at most. */
  findings: SystemFinding[];
  /** By the environment variable's name; what is secret is not among them. */
  settings: Record<string, string>;
}
