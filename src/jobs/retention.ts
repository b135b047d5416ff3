import { retry } from "@std/async/retry";
import type { z } from "zod";
import { type Checkpoint, isSuspect } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import { isEnded, type Job, JOB_STATUSES, type JobStatus } from "../domain/job.ts";
import type { ResultLibrary } from "../domain/job_file.ts";
import type { CheckpointLibrary, Store } from "../domain/ports.ts";
import type { CheckpointConfig } from "../domain/pretrain.ts";
import { log } from "../log/log.ts";
import { KINDS } from "./kinds.ts";

/** Until a job has ended, whatever `keep_last` says: should the latest be damaged, the job goes on from the one before. */
const KEEP_TO_RESUME = 2;

/**
 * Which of a job's checkpoints its config does not keep. Kept are step 0, the latest `keep_last`, those of a step that
 * `keep_every` divides, the newest that was made while the run was well, and what is `needed`; of several of one step,
 * only the newest.
 *
 * @param checkpoints All of the job's, the latest first.
 * @param options.ended Whether the job has; one that has not keeps two at least to go on from.
 * @param options.needed Ids that something else refers to.
 * @returns Ids, the latest first.
 */
export function checkpointsToRemove(
  checkpoints: readonly Pick<Checkpoint, "id" | "step" | "metrics">[],
  { keep_last, keep_every }: z.infer<typeof CheckpointConfig>,
  { ended, needed = new Set() }: { ended: boolean; needed?: ReadonlySet<string> },
): string[] {
  const latest = Math.max(keep_last ?? Infinity, ended ? 1 : KEEP_TO_RESUME);
  const steps = new Set<number>(), good = checkpoints.find((checkpoint) => !isSuspect(checkpoint))?.id;
  return checkpoints.filter(({ id, step }) => {
    const repeated = steps.has(step);
    steps.add(step);
    if (id === good || needed.has(id)) return false;
    if (repeated) return true;
    return steps.size > latest && step !== 0 && !(keep_every !== null && step % keep_every === 0);
  }).map(({ id }) => id);
}

/** Nobody removes them later: a start leaves what no row lists. */
const REMOVAL = { maxAttempts: 3, minTimeout: 100 };

/** Removes checkpoints, always the row first and then the files: what is listed has its files. */
export class CheckpointRetention {
  #store: Store;
  #library: CheckpointLibrary;
  readonly #results: Pick<ResultLibrary, "discard"> | undefined;
  readonly #onRemoved: () => void;
  #removals: Promise<void> = Promise.resolve();

  /**
   * @param options.results Jobs' files, of which those that a job has begun go when it ends without them.
   * @param options.onRemoved Told when a checkpoint's files have gone.
   */
  constructor({ store, library, results, onRemoved = () => {} }: {
    store: Store;
    library: CheckpointLibrary;
    results?: Pick<ResultLibrary, "discard">;
    onRemoved?: () => void;
  }) {
    this.#store = store;
    this.#library = library;
    this.#results = results;
    this.#onRemoved = onRemoved;
  }

  /** Removes what a job's config does not keep. A failure is logged and no more: the next checkpoint tries again. */
  prune(id: string): void {
    try {
      const job = this.#store.getJob(id);
      const kept = job && KINDS[job.kind].keeps?.(job.config);
      if (!kept) return;
      const removable = checkpointsToRemove(this.#store.listLatestFirst(id), kept, {
        ended: isEnded(job.status),
        needed: new Set(findNeeds(this.#store).keys()),
      });
      for (const checkpoint of removable) {
        this.#store.deleteCheckpoint(checkpoint);
        this.discard(checkpoint);
      }
    } catch (error) {
      log.error(`Cannot remove what ${id} need not keep`, error);
    }
  }

  /** To be called when a job has ended: it needs less then, and so does the job whose checkpoint it used. */
  settle(job: Job): void {
    this.prune(job.id);
    if (job.status !== "succeeded") {
      this.#remove(`the unfinished files of ${job.id}`, () => this.#results?.discard(job.id));
    }
    const used = checkpointUsedBy(job), owner = used && this.#store.getCheckpoint(used)?.job;
    if (owner) this.prune(owner);
  }

  /**
   * Removes a checkpoint because its owner says so.
   *
   * @throws {DomainError} `not_found`; `conflict`, naming them, while an alias or a job that has not ended needs it.
   */
  async remove(id: string): Promise<void> {
    const checkpoint = this.#store.getCheckpoint(checkId("ckpt", id));
    if (!checkpoint) throw new DomainError("not_found", `Cannot delete checkpoint ${id}: there is none`);
    const needs = [...findNeeds(this.#store).get(id) ?? []];
    const job = checkpoint.job === null ? undefined : this.#store.getJob(checkpoint.job);
    if (job && !isEnded(job.status) && this.#store.listLatestFirst(job.id)[0].id === id) {
      needs.push(`${job.id}, whose latest it is, is ${job.status}`);
    }
    if (needs.length > 0) throw new DomainError("conflict", `Cannot delete ${id}: ${needs.join("; ")}`);
    this.#store.deleteCheckpoint(id);
    this.discard(id);
    await this.idle();
  }

  /** Removes the files of a checkpoint that is not listed. What fails thrice is logged: the next start tells of them. */
  discard(id: string): void {
    const remove = () => retry(() => this.#library.remove(id), REMOVAL);
    this.#remove(`the files of ${id}`, () => remove().then(this.#onRemoved));
  }

  /** Removes no more files until what it returns is called; rows still go. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#removals = this.#removals.then(() => promise);
    return resolve;
  }

  #remove(what: string, remove: () => Promise<void> | undefined): void {
    this.#removals = this.#removals.then(remove).catch((error) => log.error(`Cannot remove ${what}`, error));
  }

  /** Settles when all files that were to go have gone. */
  idle(): Promise<void> {
    return this.#removals;
  }
}

/** Checkpoints that aliases and jobs that have not ended refer to, and these in words. */
function findNeeds(store: Store): Map<string, string[]> {
  const needs = new Map<string, string[]>();
  const add = (checkpoint: string, words: string) =>
    needs.set(checkpoint, [...needs.get(checkpoint) ?? [], words]);
  for (const { alias, checkpoint } of store.listAliases()) add(checkpoint, `the alias ${alias} names it`);
  for (const status of JOB_STATUSES) {
    if (isEnded(status)) continue;
    for (const job of listJobs(store, status)) {
      const used = checkpointUsedBy(job);
      if (used) add(used, `${job.id} uses it and is ${status}`);
    }
  }
  return needs;
}

/** The checkpoint that a job's config names. */
function checkpointUsedBy({ kind, config }: Job): string | undefined {
  const id = KINDS[kind].uses(config);
  return typeof id === "string" ? id : undefined;
}

function* listJobs(store: Store, status: JobStatus): Generator<Job> {
  let after: string | undefined;
  for (;;) {
    const { data, has_more } = store.listJobs({ status }, { after, limit: 1000 });
    yield* data;
    if (!has_more) return;
    after = data.at(-1)!.id;
  }
}
