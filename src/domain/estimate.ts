import type { JobKind } from "./job.ts";

/** What a job would take, before it is made. Bytes and seconds. */
export interface JobEstimate {
  object: "estimate";
  kind: JobKind;
  /** Every default filled in, as the job would show it. */
  config: Record<string, unknown>;
  /** JSON pointers into `config` of what was sent. */
  given: string[];
  /** Null where it could not be told; `basis` says why. */
  memory: {
    bytes: number | null;
    available_bytes: number | null;
    fits: boolean;
    largest_batch: number | null;
    detail: string | null;
  } | null;
  steps: number | null;
  steps_per_epoch: number | null;
  seconds_per_epoch: number | null;
  seconds: number | null;
  /** What memory and time are built on, in words. */
  basis: { memory: string; time: string };
}
