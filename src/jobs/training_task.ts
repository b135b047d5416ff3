import { isSuspect } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import type { Job } from "../domain/job.ts";
import type { Store, TrainingTask } from "../domain/ports.ts";
import { KINDS } from "./kinds.ts";

/** Checkpoints that a job may go on from: should the newest be damaged, the one before will do. */
const MAX_RESUME = 5;

/**
 * What a job asks of the trainer, its config resolved against its dataset.
 *
 * @throws {DomainError} `not_found` if the dataset is gone; `invalid` if it does not suit the config.
 */
export function taskOf(job: Job, store: Store): TrainingTask {
  const { id, dataset, config } = job;
  const found = store.getDataset(dataset);
  if (!found) throw new DomainError("not_found", `Cannot use ${dataset}: there is no such dataset`);
  const work = KINDS[job.kind].work(config, found), made = store.listLatestFirst(id);
  const resume = made.slice(0, MAX_RESUME).map((checkpoint) => checkpoint.id);
  const lastGood = made.find((checkpoint) => !isSuspect(checkpoint))?.id;
  return { job: id, dataset, fingerprint: found.fingerprint ?? "", resume, lastGood, work };
}
