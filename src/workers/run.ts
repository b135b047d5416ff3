import type { TrainingTask } from "../domain/ports.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Say } from "../ipc/worker_loop.ts";

/** What running a job has at hand. */
export interface Run {
  pipelines: PipelineCache;
  dataDir: string;
  task: TrainingTask;
  say: Say;
  /** Aborted with a JobStopped, which says why. */
  signal: AbortSignal;
  /** Bytes that may be taken of the GPU; undefined: what there is. */
  memoryBudget: number | undefined;
  /** To be told what a plan will take of it, in bytes. */
  planned(bytes: number): void;
  /** Only what the run would take of the GPU's memory is asked for, as `gpu_memory_bytes`. */
  planOnly?: boolean;
}
