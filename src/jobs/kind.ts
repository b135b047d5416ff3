import type { z } from "zod";
import type { Dataset } from "../domain/dataset.ts";
import type { FieldError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";
import type { CheckpointConfig } from "../domain/pretrain.ts";
import type { Work } from "../domain/work.ts";

/** A value, if there was enough to make one of, and every mistake that was found. */
export type Checked<T> = { value?: T; errors: FieldError[] };

/** What the machinery of jobs asks of a kind. */
export interface Kind {
  /**
   * Holds a config against its schema, the store and, if it is ready, the job's dataset. Pointers are into a job's body.
   *
   * @returns As `value` the config with every default filled in.
   */
  check(store: Store, config: object, dataset: Dataset | undefined): Checked<Record<string, unknown>>;
  /**
   * What the trainer is to do, by a config that `check` has filled in.
   *
   * @throws {DomainError} `invalid`, if the dataset does not suit it any more.
   */
  work(config: Job["config"], dataset: Dataset): Work;
  /** The checkpoint that a config names, which stays until the job has ended. */
  uses(config: Job["config"]): unknown;
  /** Which of the job's own checkpoints stay; a kind that does not say keeps all. */
  keeps?(config: Job["config"]): z.infer<typeof CheckpointConfig>;
}
