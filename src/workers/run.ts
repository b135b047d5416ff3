import type { DatasetReader } from "../data/dataset_reader.ts";
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
}

/** What planning a job's memory has at hand: of the GPU no more than its limits. */
export interface Planning {
  /** Over a `sketchDevice`. */
  pipelines: PipelineCache;
  reader: DatasetReader;
  memoryBudget: number | undefined;
}
