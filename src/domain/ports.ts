import type {
  Dataset,
  DatasetItem,
  DatasetSettings,
  DatasetStatus,
  DatasetSummary,
  DuplicateGroup,
  RejectedFile,
  RejectedReason,
} from "./dataset.ts";
import type { Checkpoint, CheckpointFileName, ModelDescription } from "./checkpoint.ts";
import type { Job, JobKind, JobProgress, JobStatus } from "./job.ts";
import type { JobLog } from "./job_log.ts";
import type { Augmentation } from "./augmentation.ts";
import type { RgbImage } from "./image.ts";
import type { EmbeddingStages, StoreCounts } from "./measures.ts";
import type { Work } from "./work.ts";

export interface Page {
  after?: string;
  limit: number;
}
export interface Paged<T> {
  data: T[];
  has_more: boolean;
}

/** The server's memory: everything in it is durable when the call returns. Lists are newest first. */
export interface Store extends JobLog {
  createDataset(dataset: Dataset): void;
  getDataset(id: string): Dataset | undefined;
  listDatasets(page: Page): Paged<Dataset>;
  settleDataset(
    id: string,
    to: { status: DatasetStatus; summary?: DatasetSummary; error?: { code: string; message: string } },
  ): void;
  deleteDataset(id: string): void;

  /** Keeps a queued job, its first `status` event and, if given, what was sent to make it: by its key, or else by itself. */
  createJob(job: Job, sent?: { fingerprint: string; key?: string }): void;
  /** What an idempotency key has created. */
  getIdempotent(key: string): { job: string; fingerprint: string } | undefined;
  /** The newest job that was sent without a key as this one, and was made between two RFC 3339 times. */
  findSent(fingerprint: string, from: string, to: string): Job | undefined;
  getJob(id: string): Job | undefined;
  listJobs(
    filter: { kind?: JobKind; status?: JobStatus | readonly JobStatus[]; dataset?: string },
    page: Page,
  ): Paged<Job>;
  /** Jobs that have judged a checkpoint, and succeeded; the one that was submitted last first. */
  listEvaluations(checkpoint: string): Job[];
  /** Takes the oldest queued job and makes it `running`, with its lease, atomically; undefined when there is none. */
  claimJob(lease?: Lease): Job | undefined;
  /** Extends a lease. @returns Whether the holder still had it: a job that does not run has none. */
  renewLease(job: string, lease: Lease): boolean;
  /** The lease of a job that runs; undefined for any other, and for one that was claimed without. */
  getLease(job: string): Lease | undefined;
  /**
   * Moves a job along a legal transition and appends the `status` event, in one transaction.
   *
   * @param more `attempt` overwrites the count, so that an attempt cut short by a restart or a pause is not held against
   *   the job; `deaths` overwrites that count.
   */
  moveJob(
    id: string,
    to: JobStatus,
    more?: { result?: Job["result"]; error?: Job["error"]; attempt?: number; deaths?: number },
  ): Job;
  /** How often a job's worker, or the server, has died over it since its last checkpoint of a new step. */
  getDeaths(id: string): number;
  /** Sets that count back to none: the job has got further in another way than by a checkpoint. */
  forgetDeaths(id: string): void;
  /** Keeps the latest progress and each metric's latest, and what was told as one `metrics` event. */
  updateProgress(id: string, progress: JobProgress, metrics: Record<string, number>): void;
  /**
   * Lists a checkpoint, and appends the `checkpoint` event to its job, if it has one. One of a step past all listed ones before, step 0
   * apart, sets the job's deaths back to none. There may be several of a step.
   */
  createCheckpoint(checkpoint: Checkpoint): void;
  getCheckpoint(id: string): Checkpoint | undefined;
  listCheckpoints(filter: { job?: string }, page: Page): Paged<Checkpoint>;
  /** All of a job's checkpoints, the one that was listed last first, whatever the clock said (ids are of it). */
  listLatestFirst(job: string): Checkpoint[];
  /** Takes a checkpoint off the list; events keep it. Throws while an alias names it. */
  deleteCheckpoint(id: string): void;

  setAlias(alias: string, checkpoint: string): void;
  getAlias(alias: string): string | undefined;
  /** By name; `previous` is what it named before, null if nothing or if that is gone. */
  listAliases(): { alias: string; checkpoint: string; previous: string | null }[];
  deleteAlias(alias: string): boolean;

  /** Copies everything, as of one moment, to a new file. @returns The ids that are listed there; of jobs, those with files. */
  snapshot(path: string): Promise<{ datasets: string[]; checkpoints: string[]; results: string[] }>;
  /** How many there are, by state; combinations that there are none of are left out. */
  counts(): StoreCounts;
  close(): void;
}

/** Who runs a job, and until when (RFC 3339) that is believed without another sign of life. */
export interface Lease {
  holder: string;
  until: string;
}
/** What a running job tells while it runs. */
export interface JobReport {
  /** A sign of life. @param forMs How long there may be no other before the worker is taken for dead. */
  alive(forMs: number): void;
  progress(progress: JobProgress, metrics: Record<string, number>): void;
  checkpoint(checkpoint: Checkpoint): void;
  /** What was done so far is on disk, and more than before: the job has got further. */
  kept(): void;
  message(level: "info" | "warn" | "error", text: string): void;
}
export interface TrainingTask {
  job: string;
  dataset: string;
  /** The dataset's, so that a checkpoint says what it was trained on. */
  fingerprint: string;
  /** The job's checkpoints, newest first, to go on from the first that is intact; none if it is to begin. */
  resume: string[];
  /** The newest of the job's checkpoints that was made while the run was well. */
  lastGood?: string;
  work: Work;
}
/**
 * Runs jobs elsewhere (the training worker's process). Rejects with a DomainError or `WorkerDied`; and once `signal` is
 * aborted with a JobStopped, at once on `cancel`, else when the worker has answered: until then it may still report a
 * checkpoint.
 */
export interface Trainer {
  run(task: TrainingTask, report: JobReport, signal: AbortSignal): Promise<Record<string, unknown>>;
}
/** Which image, and how it is to be seen. */
export interface ViewsRequest {
  dataset: string;
  /** The image's number. */
  item: number;
  augmentation: Augmentation;
  px: number;
  seed: number;
  /** Pairs of views: of the run's first epochs, one each. */
  pairs: number;
}
/** Embeds images elsewhere (the embedding worker's process), several at a time. */
export interface Embedder {
  /**
   * @param onStages Told of each batch that some of the images were in where it spent its time.
   * @returns f32 embeddings, one row an image.
   */
  embed(
    checkpoint: string,
    images: RgbImage[],
    signal?: AbortSignal,
    onStages?: (stages: EmbeddingStages) => void,
  ): Promise<Float32Array[]>;
  /** As `embed`, but rows of the classes' scores, a softmax; `invalid`, type `not_a_classifier`, without a head. */
  classify: Embedder["embed"];
  /** Both augmented views of an image side by side, a pair for each of the run's first epochs, one below another. */
  views(request: ViewsRequest, signal?: AbortSignal): Promise<RgbImage>;
  ready(): boolean;
  /** Why it is not ready, in words; none if it is. */
  unready(): string[];
}

/** Resumable uploads. */
export interface UploadLibrary {
  /**
   * Hands a finished upload's bytes over: afterwards they lie at `to`, and the upload is gone.
   *
   * @returns Bytes.
   * @throws {DomainError} `not_found`; `conflict` while it is not finished; `invalid` if it is not what its client told.
   */
  take(upload: string, to: string): Promise<number>;
}

/** Fetches what the operator allows. */
export interface Downloader {
  /**
   * A URL's body, as it comes.
   *
   * @throws {DomainError} `forbidden`, at once, for what is not allowed, and while it is read for an address that is not;
   *   while it is read `too_large`, `invalid` if it cannot be had, `unavailable`.
   */
  download(url: string): ReadableStream<Uint8Array>;
}

/** What a dataset, or a part of one, is made of. */
export type Upload =
  /** An archive; with a `boundary`, a body of multipart/form-data, of which the files are taken. */
  | { body: ReadableStream<Uint8Array>; boundary?: string }
  /** A finished resumable upload, by id; it is used up. */
  | { upload: string }
  /** What a URL has; it is there when the dataset is. */
  | { url: string }
  /** An archive or a folder on the server's disk, read where it lies. */
  | { path: string };

/** Datasets' bytes: what was uploaded, and the images made of it. */
export interface DatasetLibrary {
  /**
   * Keeps an upload as the dataset's next part; durable when it resolves. What fails leaves nothing.
   *
   * @returns Bytes received; 0 for what is read where it lies.
   * @throws {DomainError} `too_large` (counted while streaming), `disk_full`, `malformed` when empty or broken off; of a
   *   path, `forbidden` or `not_found`.
   */
  receive(dataset: string, upload: Upload): Promise<number>;
  /**
   * Makes images of what was received; may be called again after a crash. A part that fails behind another that is in
   * harms nothing: it becomes one of the summary's warnings.
   *
   * @throws {DomainError} If the archive as a whole is unreadable, or more of its files than `settings` allows are no
   *   images: `rejected` still lists them. Anything else once `signal` is aborted; what was written is gone by then.
   */
  ingest(dataset: string, name: string, task: IngestTask): Promise<DatasetSummary>;
  /**
   * Removes what a dead server was in the middle of receiving. Call once, at start.
   *
   * @returns Datasets that are there and not listed: they may be of a database that is newer than the one in use.
   */
  sweep(isListed: (dataset: string) => boolean): Promise<string[]>;
  /** @param page `offset`: how many of those that are asked for are passed over. @returns `total`: how many there are. */
  items(
    dataset: string,
    filter: { split?: string; class?: string },
    page: { after?: number; offset?: number; limit: number },
  ): Promise<Paged<DatasetItem> & { total: number }>;
  image(dataset: string, n: number): Promise<RgbImage>;
  /** An image's file as it came. @throws {DomainError} `not_found`, too, where the dataset does not keep it. */
  original(dataset: string, n: number): Promise<Uint8Array<ArrayBuffer>>;
  /** @returns `reasons`: what is said of all of them, the most frequent first, twenty at most. */
  rejected(
    dataset: string,
    page: { after?: number; limit: number },
  ): Promise<Paged<RejectedFile> & { reasons: RejectedReason[] }>;
  /** Contents that stand in more than one split: the first thousand. */
  duplicates(dataset: string, page: { after?: number; limit: number }): Promise<Paged<DuplicateGroup>>;
  remove(dataset: string): Promise<void>;
}
/** Makes images of an archive elsewhere (the ingesting worker's process). */
export interface Ingester {
  /**
   * @param what `archive`: a path to read; `dataset`: the directory to write to.
   * @throws As `DatasetLibrary.ingest`; a `DomainError` `malformed`, too, if reading it never comes to an end.
   */
  ingest(
    what: { name: string; archive: string; dataset: string },
    task: IngestTask,
  ): Promise<DatasetSummary>;
}
/** How far an ingest has come. */
export interface IngestStanding {
  images: number;
  /** Images among them of earlier parts; none by default. */
  earlier?: number;
  rejected: number;
  bytesRead: number;
  bytesTotal: number;
}
/** How a dataset is ingested, and who watches. */
export interface IngestTask {
  settings: DatasetSettings;
  /** The archive's number among the dataset's parts, from 0. One that is in already is not taken in again. */
  part?: number;
  signal?: AbortSignal;
  /** Called now and then, with what there is so far. */
  onProgress?(so: IngestStanding): void;
}
/** An image, and whether it was shrunk since it was decoded. */
export interface DecodedImage extends RgbImage {
  shrunk?: boolean;
}
/** Decodes untrusted images off the calling thread. */
export interface ImageDecoder {
  /**
   * @param options `shortSide`: an image whose shorter side is longer is shrunk to it there, too. `signal`: gives the
   *   image up, which is not decoded if it still waits; the promise then rejects with its reason.
   * @throws {DomainError} `malformed` for bytes that are no such image, `too_large` by its pixels.
   */
  decode(bytes: Uint8Array, options?: { shortSide?: number; signal?: AbortSignal }): Promise<DecodedImage>;
}
/** Checkpoints' files on disk. */
export interface CheckpointLibrary {
  /** Where a file lies. */
  path(checkpoint: string, file: CheckpointFileName): string;
  /** What a checkpoint serves as a model, from its `config.json`. */
  model(checkpoint: string): Promise<ModelDescription>;
  /** The classes' names, in the order of the head's outputs; none without a head. */
  labels(checkpoint: string): Promise<string[]>;
  /**
   * Reads all that serves as a model, and holds it against its hashes.
   *
   * @throws {DomainError} `not_found`; `conflict`, type `checkpoint_damaged`.
   */
  verify(checkpoint: string): Promise<void>;
  /** Removes a checkpoint's files; none there is no mistake. */
  remove(checkpoint: string): Promise<void>;
}
