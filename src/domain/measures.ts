import type { DatasetStatus } from "./dataset.ts";
import type { JobKind, JobStatus } from "./job.ts";
import type { PlanningTarget } from "./planner.ts";

/** A request that was answered. */
export interface AnsweredRequest {
  method: string;
  /** The route's pattern, such as `/v1/jobs/:id`; `none` where no route was found. */
  route: string;
  status: number;
  /** From its headers to the answer's. */
  seconds: number;
}

/** How many there are of what the store keeps. */
export interface StoreCounts {
  jobs: { kind: JobKind; status: JobStatus; count: number }[];
  datasets: { status: DatasetStatus; count: number }[];
}

/** What an embedding request spent in the worker's process, in seconds. */
export interface EmbeddingStages {
  /** Until the worker took it up, on the way there and behind others. */
  queue: number;
  /** Reading the checkpoint, where it was not at hand. */
  load: number;
  gpu: number;
}

/** How long requests of a model took lately, of the images' decoding and of waiting too, in milliseconds. */
export interface ModelLatency {
  requests: number;
  images: number;
  p50_ms: number;
  p99_ms: number;
}

/** An adapter, as the child that opened it describes it. */
export interface AdapterReport {
  provider: string;
  description: string;
  vendor: string;
  device: string;
  driver: string;
  /** Whether it is a CPU. */
  software: boolean;
  features: string[];
  /** Those that were asked for, and so hold; bytes or counts. */
  limits: Record<string, number>;
  /** What jobs' memory is planned by; the server's own, and not told on. */
  planning?: PlanningTarget;
}

/** Who computes jobs in mixed precision. */
export interface MixedReport {
  /** In words, with the reason. */
  why: string;
  /** What their memory is planned by, once another adapter than the worker's own was chosen. */
  planning?: PlanningTarget;
}

/** What a child tells of itself, once a second. Bytes. */
export interface Vitals {
  resident: number;
  /** Of the GPU's memory, in buffers that are there. */
  gpuHeld?: number;
  /** Of the GPU's memory, what the job that runs was worked out to need; 0 where none runs. */
  gpuPlanned?: number;
  /** Who computes in mixed precision: of the worker that trains, where that is for it to choose. */
  mixed?: MixedReport;
  /** The models that it holds ready, and what each takes of the GPU's memory; the one that was used last first. */
  models?: { checkpoint: string; bytes: number }[];
}

/** What lies on the disk under DATA_DIR, and what is left of it. Bytes. */
export interface DiskReport {
  free: number;
  total: number;
  used: Record<DiskUse, number>;
}
export const DISK_USES = [
  "datasets",
  "checkpoints",
  "neighbors",
  "atlases",
  "results",
  "uploads",
  "database",
  "other",
] as const;
export type DiskUse = typeof DISK_USES[number];

/** A child of the server, as the server sees it. */
export interface WorkerReport {
  role: string;
  up: boolean;
  restarts: number;
  adapter?: AdapterReport;
  vitals?: Vitals;
  /** As its last life told it that got ready; and of jobs in mixed precision, where that is another's. */
  planning?: PlanningTarget;
  mixedPlanning?: PlanningTarget;
}
