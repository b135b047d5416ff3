import { DomainError } from "./errors.ts";

export const JOB_KINDS = ["pretrain", "knn", "linear_probe", "finetune", "embed"] as const;
export type JobKind = typeof JOB_KINDS[number];

export const JOB_STATUSES = ["queued", "running", "paused", "succeeded", "failed", "cancelled"] as const;
export type JobStatus = typeof JOB_STATUSES[number];

const LEGAL: Record<JobStatus, readonly JobStatus[]> = {
  queued: ["running", "paused", "cancelled", "failed"],
  running: ["queued", "paused", "succeeded", "failed", "cancelled"],
  paused: ["queued", "cancelled", "paused"], // the last: what paused by itself, a user pauses for good
  succeeded: [],
  failed: [],
  cancelled: [],
};

/**
 * The error of a job that paused by itself because nothing more could be written for it. It goes on by itself; a paused
 * job without an error is its user's.
 */
export const STORAGE_FULL = "storage_full";

/** Whether a job in `status` has ended for good. */
export const isEnded = (status: JobStatus): boolean => LEGAL[status].length === 0;

/** @throws {DomainError} `conflict`, naming both states, if the table of transitions lacks this one. */
export function checkTransition(id: string, from: JobStatus, to: JobStatus): void {
  if (!LEGAL[from].includes(to)) {
    throw new DomainError("conflict", `Cannot move ${id} to ${to}: it is ${from}`);
  }
}

/**
 * Why a running job is to stop. On `pause` and `shutdown` it will be taken up again, so its worker keeps a checkpoint
 * before it ends; on `cancel` there is nothing to keep.
 */
export type StopReason = "cancel" | "pause" | "shutdown";
/** What a running job's signal is aborted with, in the server and in the worker. */
export class JobStopped extends Error {
  override name = "JobStopped";
  constructor(readonly reason: StopReason) {
    super(`The job was stopped: ${reason}`);
  }
}

export interface JobProgress {
  step: number;
  total_steps: number;
  epoch: number;
  images_per_s: number;
  eta_s: number | null;
}
export interface JobError {
  code: string;
  message: string;
}
export interface Job {
  id: string;
  object: "job";
  kind: JobKind;
  status: JobStatus;
  dataset: string;
  config: Record<string, unknown>;
  /** JSON pointers into `config` of the fields that were sent; null for a job from before that was kept. */
  given: string[] | null;
  metadata: Record<string, string>;
  progress: JobProgress | null;
  /** Each figure as it was told last. */
  metrics: Record<string, number> | null;
  result: Record<string, unknown> | null;
  attempt: number;
  error?: JobError;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
}

export const EVENT_TYPES = ["status", "metrics", "checkpoint", "message"] as const;
export type EventType = typeof EVENT_TYPES[number];
/** One entry of a job's log; `seq` counts from 1 within the job and has no gaps. */
export interface JobEvent {
  seq: number;
  job: string;
  type: EventType;
  data: Record<string, unknown>;
  created_at: string;
}
