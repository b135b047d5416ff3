import type { Dataset, DatasetItem, DatasetStatus, DatasetSummary, RejectedFile } from "./dataset.ts";
import type { Checkpoint, CheckpointFileName, Preprocessing } from "./checkpoint.ts";
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

/** The server's memory: everything in it is durable when the call returns. Lists are newest first. */
export interface Store {
  createDataset(dataset: Dataset): void;
  getDataset(id: string): Dataset | undefined;
  listDatasets(page: Page): Paged<Dataset>;
  settleDataset(
    id: string,
    to: { status: DatasetStatus; summary?: DatasetSummary; error?: { code: string; message: string } },
  ): void;
  deleteDataset(id: string): void;

  /** Keeps a queued job, its first `status` event and, if given, the key that would create it again. */
  createJob(job: Job, idempotency?: { key: string; fingerprint: string }): void;
  /** What an idempotency key has created. */
  getIdempotent(key: string): { job: string; fingerprint: string } | undefined;
  getJob(id: string): Job | undefined;
  listJobs(filter: { kind?: JobKind; status?: JobStatus; dataset?: string }, page: Page): Paged<Job>;
  /** Takes the oldest queued job and makes it `running`, atomically; undefined when there is none. */
  claimJob(): Job | undefined;
  /**
   * Moves a job along a legal transition and appends the `status` event, in one transaction.
   *
   * @param more `attempt` overwrites the count, so that an attempt cut short by a restart is not held against the job.
   */
  moveJob(
    id: string,
    to: JobStatus,
    more?: { result?: Job["result"]; error?: Job["error"]; attempt?: number },
  ): Job;
  /** Keeps the latest progress and metrics, and both as one `metrics` event. */
  updateProgress(id: string, progress: JobProgress, metrics: Record<string, number>): void;
  appendEvent(job: string, type: EventType, data: Record<string, unknown>): JobEvent;
  listEvents(job: string, afterSeq: number, limit: number): JobEvent[];

  /** Lists a checkpoint, and appends the `checkpoint` event to its job. */
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
  /** The dataset's, so that a checkpoint says what it was trained on. */
  fingerprint: string;
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

/** Datasets' bytes: what was uploaded, and the images made of it. */
export interface DatasetLibrary {
  /**
   * Keeps an upload; durable when it resolves.
   *
   * @returns Bytes received.
   * @throws {DomainError} `too_large` (counted while streaming), `disk_full`, `malformed` when empty or broken off.
   */
  receive(dataset: string, body: ReadableStream<Uint8Array>): Promise<number>;
  /**
   * Makes images of what was received; may be called again after a crash.
   *
   * @throws {DomainError} If the archive as a whole is unreadable. A bad file in it is only listed as rejected.
   */
  ingest(dataset: string, name: string): Promise<DatasetSummary>;
  items(
    dataset: string,
    filter: { split?: string; class?: string },
    page: { after?: number; limit: number },
  ): Promise<Paged<DatasetItem>>;
  image(dataset: string, n: number): Promise<RgbImage>;
  rejected(dataset: string, page: { after?: number; limit: number }): Promise<Paged<RejectedFile>>;
  remove(dataset: string): Promise<void>;
}
/** Decodes untrusted JPEG or PNG bytes off the calling thread. */
export interface ImageDecoder {
  /** @throws {DomainError} `malformed` for bytes that are no such image, `too_large` by its pixels. */
  decode(bytes: Uint8Array): Promise<RgbImage>;
}
/** Checkpoints' files on disk. */
export interface CheckpointLibrary {
  /** Where a file lies. */
  path(checkpoint: string, file: CheckpointFileName): string;
  /** What a checkpoint serves as a model, from its `config.json`. */
  model(checkpoint: string): Promise<{ arch: string; dim: number; preprocessing: Preprocessing }>;
}
