import type { Failure } from "./errors.ts";
import type { Work } from "./work.ts";

/** What is to be known of a GPU to plan a job's memory without it, as the worker that has opened it tells. Bytes. */
export interface PlanningTarget {
  /** In words. */
  adapter: string;
  limits: { maxStorageBufferBindingSize: number; maxBufferSize: number };
  /** What kernels are chosen by; `gpu/capabilities.ts` has what each is. */
  capabilities: Record<string, unknown>;
  /** The most that a job may take; null where only trying tells. */
  budget: number | null;
}

/** What a job takes of the GPU's memory. */
export interface PlannedMemory {
  /** Null where the device cannot bind what it would make, however much memory there is. */
  bytes: number | null;
  available_bytes: number | null;
  fits: boolean;
  /** The largest batch (with `micro_batch`, of that) that fits; null if none does, and for a job that has no batch of its own. */
  largest_batch: number | null;
  /** Why it is refused, if it does not fit. */
  refusal?: Failure;
}

/** What is known of a job before it runs. */
export interface WorkPlan {
  /** Null while no GPU has been opened yet, or if the job would fail by something else. */
  memory: PlannedMemory | null;
  /** As its progress will count them. */
  steps: number;
  steps_per_epoch: number | null;
  /** Images that go through the networks in all of them. */
  images: number;
  /** Multiplications and additions that each of `PlanQuestion.nets` makes of one image, forward. */
  flops: number[];
}
export interface PlanQuestion {
  dataset: string;
  work: Work;
  /** Whether the largest batch is asked for, too, where the job's own fits. */
  largest?: boolean;
  nets?: { arch: string; px: number }[];
}

/** Tells beforehand what a job will take. */
export interface Planner {
  /**
   * @returns Soon: undefined where it takes too long. Then the run will tell.
   * @throws {DomainError} What the job would fail with, if that is not a lack of memory.
   */
  plan(question: PlanQuestion): Promise<WorkPlan | undefined>;
}

/** A question as it goes to the thread that plans. */
export interface PlanRequest extends PlanQuestion {
  id: number;
  dataDir: string;
  target?: PlanningTarget;
}
export type PlanAnswer = { id: number; plan: WorkPlan } | { id: number; failure: Failure };
