import type { Dataset, DatasetStatus, DatasetSummary } from "./dataset.ts";
import type { Checkpoint } from "./checkpoint.ts";
import type { EventType, Job, JobEvent, JobKind, JobProgress, JobStatus, KnnConfig } from "./job.ts";
import type { ResolvedPretrainConfig } from "./pretrain.ts";
import type { RgbImage } from "./image.ts";

export interface Page {
  after?: string;
  limit: number;
}
export interface Paged<T> {
  data: T[];
  has_more: boolean;
}

/** The server's memory: everything in it is durable when the call returns. */
export interface Store {
  createDataset(dataset: Dataset): void;
  getDataset(id: string): Dataset | undefined;
  listDatasets(page: Page): Paged<Dataset>;
  settleDataset(
    id: string,
    to: { status: DatasetStatus; summary?: DatasetSummary; error?: { code: string; message: string } },
  ): void;
  deleteDataset(id: string): void;

  createJob(job: Job): void;
  getJob(id: string): Job | undefined;
  listJobs(filter: { kind?: JobKind; status?: JobStatus; dataset?: string }, page: Page): Paged<Job>;
  /** Takes the oldest queued job and makes it `running`, atomically; undefined when there is none. */
  claimJob(): Job | undefined;
  /** Moves a job along a legal transition and appends the `status` event, in one transaction. */
  moveJob(id: string, to: JobStatus, more?: { result?: Job["result"]; error?: Job["error"] }): Job;
  updateProgress(id: string, progress: JobProgress, metrics: Record<string, number>): void;
  appendEvent(job: string, type: EventType, data: Record<string, unknown>): JobEvent;
  listEvents(job: string, afterSeq: number, limit: number): JobEvent[];

  createCheckpoint(checkpoint: Checkpoint): void;
  getCheckpoint(id: string): Checkpoint | undefined;
  listCheckpoints(filter: { job?: string }, page: Page): Paged<Checkpoint>;

  setAlias(alias: string, checkpoint: string): void;
  getAlias(alias: string): string | undefined;
  listAliases(): { alias: string; checkpoint: string }[];
  deleteAlias(alias: string): boolean;
  close(): void;
}

/** What a running job tells while it runs. */
export interface JobReport {
  progress(progress: JobProgress, metrics: Record<string, number>): void;
  checkpoint(checkpoint: Checkpoint): void;
  message(level: "info" | "warn" | "error", text: string): void;
}
export interface TrainingTask {
  job: string;
  dataset: string;
  work: { kind: "pretrain"; config: ResolvedPretrainConfig } | { kind: "knn"; config: KnnConfig };
}
/** Runs jobs elsewhere (the training worker's process). Rejects with a DomainError or `WorkerDied`. */
export interface Trainer {
  run(task: TrainingTask, report: JobReport, signal: AbortSignal): Promise<Record<string, unknown>>;
}
/** Embeds images elsewhere (the embedding worker's process), several at a time. */
export interface Embedder {
  /** @returns f32 embeddings, one row an image. */
  embed(checkpoint: string, images: RgbImage[], signal?: AbortSignal): Promise<Float32Array[]>;
  ready(): boolean;
}
