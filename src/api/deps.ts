import type { DatasetOverview } from "../domain/atlas.ts";
import type { KeyRing } from "../domain/api_key.ts";
import type { Backup } from "../domain/backup.ts";
import type { DashboardFiles } from "../domain/dashboard.ts";
import type { Dataset, DatasetProgress, DatasetSettings } from "../domain/dataset.ts";
import type { CheckpointImporter } from "../domain/checkpoint_import.ts";
import type { RgbImage } from "../domain/image.ts";
import type { JobEstimate } from "../domain/estimate.ts";
import type { Job } from "../domain/job.ts";
import type { ResultLibrary } from "../domain/job_file.ts";
import type { CheckpointExporter } from "../domain/layout.ts";
import type { AnsweredRequest, ModelLatency } from "../domain/measures.ts";
import type { NeighborFinder } from "../domain/neighbors.ts";
import type { ProjectionLibrary, Projector } from "../domain/projection.ts";
import type { SystemReport } from "../domain/system.ts";
import type {
  CheckpointLibrary,
  DatasetLibrary,
  Embedder,
  ImageDecoder,
  Store,
  Upload,
} from "../domain/ports.ts";
import type { HostPolicy } from "./browser_guard.ts";

/** What the routes need of the rest of the house. */
export interface ApiDeps {
  /** Whom the server answers; without it, everybody. */
  keys?: KeyRing;
  /** The names that it answers to without keys; this machine's where it is left out. */
  hosts?: HostPolicy;
  store: Store;
  library: DatasetLibrary;
  intake: {
    accept(name: string, upload: Upload, settings: DatasetSettings): Promise<Dataset>;
    add(dataset: string, upload: Upload): Promise<Dataset>;
    progress(dataset: string): DatasetProgress | undefined;
    remove(dataset: string): Promise<void>;
  };
  /** Answers all of tus's requests. */
  uploads: { handle(request: Request): Promise<Response> };
  checkpoints: CheckpointLibrary;
  exporter: CheckpointExporter;
  results: ResultLibrary;
  importer: CheckpointImporter;
  decoder: ImageDecoder;
  embedder: Embedder;
  /** Has models made ready before anybody waits for them, and says what is still to be. */
  warmer?: { warm(checkpoint: string): void; warming(): string[] };
  /** What is known of checkpoints that are served: how long requests took, and which are held ready. */
  serving?: {
    observe(checkpoint: string, ms: number, images: number): void;
    of(checkpoint: string): ModelLatency | null;
    resident(): string[];
  };
  neighbors: NeighborFinder;
  /** Spreads answers that all could begin at once, as those of a batch of images; without it they do. */
  turns?: { answer(): Promise<void> };
  overview: DatasetOverview;
  projector: Projector;
  projections: ProjectionLibrary;
  /** Checks and queues the body of `POST /v1/jobs`; throws a DomainError that lists every mistake. */
  submit(body: unknown, idempotencyKey?: string): Job | Promise<Job>;
  /** What the body of `POST /v1/jobs` would take; throws what `submit` would, but for a full queue and a lack of memory. */
  estimate(body: unknown): Promise<JobEstimate>;
  runner: { wake(): void; cancel(job: string): Job; pause(job: string): Job; resume(job: string): Job };
  /** Removes a checkpoint; throws a DomainError that names what needs it. */
  retention: { remove(checkpoint: string): Promise<void> };
  backups: { create(): Promise<Backup>; list(): Promise<Backup[]>; remove(backup: string): Promise<void> };
  /** Calls `listener` when a job has new events; returns what ends that. */
  hub: { subscribe(job: string, listener: () => void): () => void };
  encodePng(image: RgbImage): Promise<Uint8Array>;
  /** What `/` shows; where it is left out, how to build that. */
  dashboard?: DashboardFiles;
  /** The server as it is now. */
  system(): SystemReport | Promise<SystemReport>;
  /** Prometheus' text, and its media type. */
  metrics: { contentType: string; render(): Promise<string> };
  /** Told of every request that was answered. */
  onAnswer?(request: AnsweredRequest): void;
  limits: Limits;
}
export interface Limits {
  /** Largest body of `/v1/embeddings`, in bytes. */
  embeddingsBytes: number;
  /** What the images of an embeddings request may take, in milliseconds. */
  embeddingsLimitMs?: number;
  /** Largest JSON body elsewhere, in bytes. */
  jsonBytes: number;
  /** Of each key, an image of an embeddings request counting as one; 0 or nothing: as many as it likes. */
  requestsPerMinute?: number;
  /** How long a request's body may be silent, in milliseconds. */
  bodyIdleMs?: number;
}
