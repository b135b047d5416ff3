import type { Checkpoint } from "../domain/checkpoint.ts";
import { DomainError, type ErrorCode, type FieldError } from "../domain/errors.ts";
import { type JobProgress, JobStopped, type StopReason } from "../domain/job.ts";
import type { DatasetSettings } from "../domain/dataset.ts";
import type { AdapterReport, Vitals } from "../domain/measures.ts";
import type { NeighborIndexKey } from "../domain/neighbors.ts";
import type { IngestStanding, TrainingTask, ViewsRequest } from "../domain/ports.ts";

/** What the server asks of a child. `id` names the request in every answer to it. */
export type Request =
  | { type: "train"; id: number; task: TrainingTask }
  /** The payload is the images' RGB bytes, one behind another; with `classify` the classes' scores are asked for. */
  | {
    type: "embed";
    id: number;
    checkpoint: string;
    images: { width: number; height: number }[];
    classify?: boolean;
  }
  /** Asks that a model be ready before anybody needs it; where there is no room for it, nothing happens. */
  | { type: "warm"; id: number; checkpoint: string }
  /** Asks for proof that it still computes what it should; `failed` if not. */
  | { type: "canary"; id: number }
  /** The payload of its answer is RGB bytes, of `width` times `height` pixels. */
  | { type: "views"; id: number; request: ViewsRequest }
  /** Has a dataset's embeddings kept, unless they are; tells of its progress. */
  | { type: "index"; id: number; key: NeighborIndexKey }
  /** Has the principal components of a dataset's kept embeddings kept beside them, unless they are; tells of its progress. */
  | { type: "project"; id: number; key: NeighborIndexKey }
  /**
   * Searches them. An item is a query by its number; the payload is the f32 embeddings of those that are null, one behind
   * another, and that of its answer `Neighbor[][]` as JSON, which is longer than a header may be.
   */
  | {
    type: "neighbors";
    id: number;
    key: NeighborIndexKey;
    k: number;
    split?: string;
    items: (number | null)[];
  }
  /** `archive` is what to read and `dataset` the directory to write to. */
  | {
    type: "ingest";
    id: number;
    name: string;
    archive: string;
    dataset: string;
    settings: DatasetSettings;
    part?: number;
  };

/** `cancel` ends a request early; whatever its reason, the child answers it. */
export type ToWorker = Request | { type: "cancel"; id: number; reason: StopReason };

/** What a child says: while it works, then exactly one of `done` and `failed`. */
export type Reply =
  | { type: "progress"; id: number; progress: JobProgress; metrics: Record<string, number> }
  | { type: "checkpoint"; id: number; checkpoint: Checkpoint }
  | { type: "message"; id: number; level: "info" | "warn" | "error"; text: string }
  /** What was done so far is on disk. */
  | { type: "kept"; id: number }
  /** Told every second of a `train`, as long as its thread does not wait for the GPU. */
  | { type: "alive"; id: number }
  /** Told all the time, so that silence says something too; `standing` once there is one. */
  | { type: "ingesting"; id: number; standing?: IngestStanding }
  /** The payload of an answer to `embed` is `rows` f32 embeddings, or rows of scores, little-endian. */
  | { type: "done"; id: number; result: Record<string, unknown> }
  | { type: "failed"; id: number; error: WireError };

/** A union's members without their `id`, which the wire adds. */
type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;
export type ReplyBody = WithoutId<Reply>;
export type RequestBody = WithoutId<Request>;

export type FromWorker =
  | { type: "ready"; adapter: string; report?: AdapterReport }
  /** Told once a second, so that silence says something too. */
  | { type: "vitals"; vitals: Vitals }
  /** The child's last words: its process ends, and this is the answer to whatever it had not answered. */
  | { type: "ending"; error: WireError }
  | Reply;

/** An error on the wire; `code` is there for a DomainError only, `stopped` for a JobStopped. */
export interface WireError {
  message: string;
  code?: ErrorCode;
  stopped?: StopReason;
  type?: string;
  errors?: FieldError[];
  retryAfterSeconds?: number;
}

/** An error as it crosses to the other side. What is no DomainError keeps its message for the log, and no more. */
export function toWire(error: unknown): WireError {
  if (error instanceof DomainError) {
    return { message: error.message, code: error.code, ...error.options };
  }
  if (error instanceof JobStopped) return { message: error.message, stopped: error.reason };
  return { message: error instanceof Error ? error.message : String(error) };
}

/** The error that crossed: a DomainError where it was one, so that it reaches the caller with its code; or a JobStopped. */
export function fromWire({ message, code, stopped, ...options }: WireError): Error {
  if (stopped) return new JobStopped(stopped);
  return code ? new DomainError(code, message, options) : new Error(message);
}
