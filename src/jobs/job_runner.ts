import { isSuspect } from "../domain/checkpoint.ts";
import { DomainError, GPU_LOST } from "../domain/errors.ts";
import { isEnded, type Job, JobStopped, KnnConfig } from "../domain/job.ts";
import type { JobReport, Store, Trainer, TrainingTask } from "../domain/ports.ts";
import { PretrainRequest } from "../domain/pretrain.ts";
import { log } from "../log/log.ts";
import type { EventHub } from "./event_hub.ts";
import { resolvePretrainConfig } from "./resolve_config.ts";
import type { CheckpointRetention } from "./retention.ts";

/**
 * A job over which its worker, or the server, has died this often without a checkpoint of a new step in between is not
 * tried again: it is likely to be what kills them. A job that gets further each time may take as many attempts as it
 * likes; one that is paused, or stopped in order, loses none.
 */
export const MAX_ATTEMPTS = 3;
/** Checkpoints that a job may go on from: should the newest be damaged, the one before will do. */
const MAX_RESUME = 5;
/** What a worker is given to keep a last checkpoint when the server stops. */
const LAST_CHECKPOINT_MS = 20_000;
/** After a fault of ours (a full disk, say): long enough not to spin, short enough to go on unattended. */
const RETRY_MS = 2000;

/**
 * Puts back into the queue what a dead server left running, or fails it if it has had its attempts.
 *
 * @returns Those that failed.
 */
export function recoverRunningJobs(store: Store): Job[] {
  const failed: Job[] = [];
  for (;;) {
    const { data } = store.listJobs({ status: "running" }, { limit: 100 });
    if (data.length === 0) return failed;
    for (const { id } of data) {
      const job = requeueOrFail(store, id, "the server ended while the job ran");
      if (isEnded(job.status)) failed.push(job);
    }
  }
}

function requeueOrFail(store: Store, id: string, reason: string, code = "attempts_exhausted"): Job {
  const deaths = store.getDeaths(id) + 1;
  if (deaths < MAX_ATTEMPTS) return store.moveJob(id, "queued", { deaths });
  const message = `Cannot get further with the job in ${deaths} attempts: ${reason}`;
  return store.moveJob(id, "failed", { deaths, error: { code, message } });
}

/** One run of a job by the trainer. */
interface Attempt {
  id: string;
  controller: AbortController;
  /** Rejected when the runner will not wait for the trainer any more. */
  abandoned: PromiseWithResolvers<never>;
  /** Whether the runner has gone on: what is still reported then is dropped. */
  over: boolean;
}

/** Runs queued jobs through a Trainer, oldest first and one at a time, and keeps what they report. */
export class JobRunner {
  #store: Store;
  #trainer: Trainer;
  #hub: EventHub;
  #retention: CheckpointRetention;
  #lastCheckpointMs: number;
  #loop: Promise<void> | undefined;
  #stopped = false;
  #wake = Promise.withResolvers<void>();
  #current: Attempt | undefined;

  /** @param deps.lastCheckpointMs How long `stop()` waits for a running job's last checkpoint. */
  constructor({ store, trainer, hub, retention, lastCheckpointMs = LAST_CHECKPOINT_MS }: {
    store: Store;
    trainer: Trainer;
    hub: EventHub;
    retention: CheckpointRetention;
    lastCheckpointMs?: number;
  }) {
    this.#store = store;
    this.#trainer = trainer;
    this.#hub = hub;
    this.#retention = retention;
    this.#lastCheckpointMs = lastCheckpointMs;
  }

  /** Recovers what a dead server left, then runs jobs until `stop()`. */
  start(): void {
    this.#loop ??= this.#run();
  }

  /** Call after a job was queued. */
  wake(): void {
    this.#wake.resolve();
  }

  /**
   * Cancels a job for good. A running one is `cancelled` at once, so that a restart cannot revive it; its worker
   * stops soon after, and what it still reports is dropped.
   *
   * @throws {DomainError} `not_found`, or `conflict` if the job has ended.
   */
  cancel(id: string): Job {
    const job = this.#store.moveJob(id, "cancelled");
    if (this.#current?.id === id) {
      const stopped = new JobStopped("cancel");
      this.#current.controller.abort(stopped);
      this.#current.abandoned.reject(stopped); // its signal may have been spent on a pause
    }
    this.#retention.settle(job);
    this.#hub.publish(id);
    return job;
  }

  /**
   * Pauses a job until `resume()`, over restarts too. A running one is `paused` at once and its attempt not counted; its
   * worker stops after a last checkpoint, which is still listed. The next job begins when it has.
   *
   * @throws {DomainError} `not_found`, or `conflict` if the job is neither queued nor running.
   */
  pause(id: string): Job {
    const before = this.#store.getJob(id);
    const attempt = before?.status === "running" ? before.attempt - 1 : before?.attempt;
    const job = this.#store.moveJob(id, "paused", { attempt });
    if (this.#current?.id === id) this.#current.controller.abort(new JobStopped("pause"));
    this.#hub.publish(id);
    return job;
  }

  /**
   * Puts a paused job back into the queue, at its old place; it goes on from its last checkpoint.
   *
   * @throws {DomainError} `not_found`, or `conflict` if the job is not paused.
   */
  resume(id: string): Job {
    const before = this.#store.getJob(id);
    if (before && before.status !== "paused") {
      throw new DomainError("conflict", `Cannot resume ${id}: it is ${before.status}, not paused`);
    }
    const job = this.#store.moveJob(id, "queued");
    this.#hub.publish(id);
    this.wake();
    return job;
  }

  /**
   * Stops the loop. A running job goes back to the queue, and the attempt is not counted; its worker is given time for a
   * last checkpoint. One that it does not make in time is lost, and the job goes on from the one before.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    const current = this.#current, stopped = new JobStopped("shutdown");
    current?.controller.abort(stopped);
    const timer = current && setTimeout(() => current.abandoned.reject(stopped), this.#lastCheckpointMs);
    this.wake();
    await this.#loop;
    clearTimeout(timer);
    await this.#retention.idle();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#wake = Promise.withResolvers();
      try {
        // Also for a job whose settling the store would not take.
        for (const failed of recoverRunningJobs(this.#store)) this.#retention.settle(failed);
        const job = this.#store.claimJob();
        if (job) {
          this.#hub.publish(job.id);
          await this.#attempt(job);
          this.#hub.publish(job.id);
        } else await this.#wake.promise;
      } catch (error) {
        // The store would not take a state (a full disk, say). The queue must outlive that.
        log.error("Cannot run the queue for now", error);
        await this.#pause(RETRY_MS);
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    const timer = setTimeout(() => this.wake(), milliseconds);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  async #attempt(job: Job): Promise<void> {
    const attempt: Attempt = {
      ...{ id: job.id, controller: new AbortController() },
      ...{ abandoned: Promise.withResolvers<never>(), over: false },
    };
    this.#current = attempt;
    let settle: () => Job, failure: unknown;
    try {
      const running = this.#trainer.run(this.#task(job), this.#report(attempt), attempt.controller.signal);
      const result = await Promise.race([running, attempt.abandoned.promise]);
      settle = () => this.#store.moveJob(job.id, "succeeded", { result });
    } catch (error) {
      failure = error;
      settle = () => this.#settleRejected(job, error);
    } finally {
      this.#current = undefined;
      attempt.over = true;
    }
    const status = this.#store.getJob(job.id)?.status;
    if (status === "running") {
      const settled = settle();
      if (isEnded(settled.status)) this.#retention.settle(settled);
    } else if (status && !isEnded(status) && failure && !(failure instanceof JobStopped)) {
      this.#tellUnsaved(job.id, failure);
    }
  }

  /** A paused job, which may be queued again by now, has not ended as it was asked to. */
  #tellUnsaved(id: string, failure: unknown): void {
    log.error(`The worker of ${id}, which is paused, did not end in order`, failure);
    const isTellable = failure instanceof DomainError ||
      (failure instanceof Error && failure.name === "WorkerDied");
    const reason = isTellable ? failure.message : "a fault of the server, which its log describes";
    const text = `The job goes on from the checkpoint before: its worker kept none when it paused: ${reason}`;
    this.#store.appendEvent(id, "message", { level: "warn", text });
  }

  #settleRejected({ id, attempt }: Job, error: unknown): Job {
    if (this.#stopped) {
      if (!(error instanceof JobStopped)) log.error(`Cannot keep a last checkpoint of ${id}`, error);
      return this.#store.moveJob(id, "queued", { attempt: attempt - 1 });
    }
    if (error instanceof Error && error.name === "WorkerDied") return this.#retry(id, error.message);
    if (error instanceof DomainError) {
      const code = error.options.type ?? error.code;
      if (code === GPU_LOST) return this.#retry(id, error.message, code);
      return this.#store.moveJob(id, "failed", { error: { code, message: error.message } });
    }
    log.error(`Cannot finish ${id}`, error);
    const message = "Cannot finish the job: a fault of the server, which its log describes";
    return this.#store.moveJob(id, "failed", { error: { code: "internal", message } });
  }

  #retry(id: string, reason: string, code?: string): Job {
    this.#store.appendEvent(id, "message", { level: "error", text: reason });
    return requeueOrFail(this.#store, id, reason, code);
  }

  #task(job: Job): TrainingTask {
    const { id, dataset, config } = job;
    const found = this.#store.getDataset(dataset);
    if (!found) throw new DomainError("not_found", `Cannot use ${dataset}: there is no such dataset`);
    const work: TrainingTask["work"] = job.kind === "knn"
      ? { kind: "knn", config: KnnConfig.parse(config) }
      : { kind: "pretrain", config: resolvePretrainConfig(PretrainRequest.parse(config), found) };
    const made = job.kind === "pretrain" ? this.#store.listLatestFirst(id) : [];
    const resume = made.slice(0, MAX_RESUME).map((checkpoint) => checkpoint.id);
    const lastGood = made.find((checkpoint) => !isSuspect(checkpoint))?.id;
    return { job: id, dataset, fingerprint: found.fingerprint ?? "", resume, lastGood, work };
  }

  #report(attempt: Attempt): JobReport {
    const { id } = attempt;
    const status = () => attempt.over ? undefined : this.#store.getJob(id)?.status;
    /** Also while a paused job's worker is ending; but a cancelled one keeps its last event last. */
    const isLive = () => {
      const now = status();
      return now !== undefined && !isEnded(now);
    };
    return {
      progress: (progress, metrics) => {
        if (status() !== "running") return;
        this.#store.updateProgress(id, progress, metrics);
        this.#hub.publish(id);
      },
      checkpoint: (checkpoint) => {
        if (!isLive()) return this.#retention.discard(checkpoint.id);
        this.#store.createCheckpoint(checkpoint);
        this.#retention.prune(id);
        this.#hub.publish(id);
      },
      message: (level, text) => {
        if (!isLive()) return;
        this.#store.appendEvent(id, "message", { level, text });
        this.#hub.publish(id);
      },
    };
  }
}
