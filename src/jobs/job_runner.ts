import { DomainError, GPU_LOST } from "../domain/errors.ts";
import { isEnded, type Job, JobStopped, STORAGE_FULL } from "../domain/job.ts";
import type { Lease, Store, Trainer } from "../domain/ports.ts";
import { log } from "../log/log.ts";
import { recoverRunningJobs, requeueOrFail } from "./attempts.ts";
import type { EventHub } from "./event_hub.ts";
import { leaseUntil, type Reporting, reportOf } from "./job_report.ts";
import type { CheckpointRetention } from "./retention.ts";
import { StorageWatch } from "./storage_watch.ts";
import { taskOf } from "./training_task.ts";

/** What a worker is given to keep a last checkpoint when the server stops. */
const LAST_CHECKPOINT_MS = 20_000;
/** After a fault of ours (a full disk, say): long enough not to spin, short enough to go on unattended. */
const RETRY_MS = 2000;
/** What a lease is good for until the trainer says how long it waits for a sign of life; a worker may yet be starting. */
const CLAIM_MS = 60_000;

/** One run of a job by the trainer. */
interface Attempt extends Reporting {
  controller: AbortController;
  /** Rejected when the runner will not wait for the trainer any more. */
  abandoned: PromiseWithResolvers<never>;
}

/** Runs queued jobs through a Trainer, oldest first and one at a time, and keeps what they report. */
export class JobRunner {
  #store: Store;
  #trainer: Trainer;
  #hub: EventHub;
  #retention: CheckpointRetention;
  #lastCheckpointMs: number;
  #storage: StorageWatch;
  #retryMs: number;
  #loop: Promise<void> | undefined;
  #stopped = false;
  #wake = Promise.withResolvers<void>();
  #current: Attempt | undefined;

  /**
   * @param deps.hasRoom Whether the disk takes so many bytes: asked before a job goes on that a full one had paused.
   * @param deps.lastCheckpointMs How long `stop()` waits for a running job's last checkpoint.
   * @param deps.retryMs How long the queue rests when the store fails.
   */
  constructor(
    { store, trainer, hub, retention, hasRoom, roomCheckMs, ...times }: {
      store: Store;
      trainer: Trainer;
      hub: EventHub;
      retention: CheckpointRetention;
      hasRoom?: (bytes: number) => Promise<boolean>;
      roomCheckMs?: number;
      lastCheckpointMs?: number;
      retryMs?: number;
    },
  ) {
    this.#store = store;
    this.#trainer = trainer;
    this.#hub = hub;
    this.#retention = retention;
    this.#lastCheckpointMs = times.lastCheckpointMs ?? LAST_CHECKPOINT_MS;
    this.#storage = new StorageWatch({
      store,
      hasRoom,
      everyMs: roomCheckMs,
      resume: (id) => this.resume(id),
    });
    this.#retryMs = times.retryMs ?? RETRY_MS;
  }

  /** Recovers what a dead server left, then runs jobs until `stop()`. */
  start(): void {
    this.#storage.start();
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
   * worker stops after a last checkpoint, which is still listed. The next job begins when it has. One that a full disk
   * has paused stays so, and no longer goes on by itself.
   *
   * @throws {DomainError} `not_found`, or `conflict` if the job has ended or is paused already.
   */
  pause(id: string): Job {
    const before = this.#store.getJob(id);
    if (before?.status === "paused" && before.error?.code !== STORAGE_FULL) {
      throw new DomainError("conflict", `Cannot pause ${id}: it is paused`);
    }
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
    this.#storage.stop();
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
        for (const failed of recoverRunningJobs(this.#store, this.#current?.holder)) {
          this.#retention.settle(failed);
        }
        const lease: Lease = { holder: crypto.randomUUID(), until: leaseUntil(CLAIM_MS) };
        const job = this.#store.claimJob(lease);
        if (job) {
          this.#hub.publish(job.id);
          await this.#attempt(job, lease.holder);
          this.#hub.publish(job.id);
        } else await this.#wake.promise;
      } catch (error) {
        // The store would not take a state (a full disk, say). The queue must outlive that.
        log.error("Cannot run the queue for now", error);
        await this.#pause(this.#retryMs);
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    this.#wake = Promise.withResolvers(); // what it was woken for before is no reason not to wait
    const timer = setTimeout(() => this.wake(), milliseconds);
    await this.#wake.promise;
    clearTimeout(timer);
  }

  async #attempt(job: Job, holder: string): Promise<void> {
    const attempt: Attempt = {
      ...{ id: job.id, holder, controller: new AbortController() },
      ...{ abandoned: Promise.withResolvers<never>(), over: false },
    };
    this.#current = attempt;
    let settle: () => Job, failure: unknown;
    try {
      const running = this.#trainer.run(
        taskOf(job, this.#store),
        reportOf(attempt, { store: this.#store, hub: this.#hub, retention: this.#retention }),
        attempt.controller.signal,
      );
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
    if (status === "running") await this.#settle(job.id, settle);
    else if (status && !isEnded(status) && failure && !(failure instanceof JobStopped)) {
      this.#tellUnsaved(job.id, failure);
    }
  }

  /** Keeps how a job that runs has ended, as soon as the store takes it: a full disk is no reason to do the work again. */
  async #settle(id: string, settle: () => Job): Promise<void> {
    for (let told = false; this.#store.getJob(id)?.status === "running";) {
      try {
        const settled = settle();
        if (isEnded(settled.status)) this.#retention.settle(settled);
        return;
      } catch (error) {
        if (!isDiskFull(error) || this.#stopped) throw error;
        if (!told) log.error(`Cannot keep how ${id} has ended, and will try on`, error);
        told = true;
        await this.#pause(this.#retryMs);
      }
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
    if (isDiskFull(error)) {
      // Nothing of the job's is wrong, and its attempt has not failed: it goes on when there is room.
      const told = { code: STORAGE_FULL, message: error.message };
      return this.#store.moveJob(id, "paused", { attempt: attempt - 1, error: told });
    }
    if (error instanceof DomainError) {
      const code = error.options.type ?? error.code;
      if (code === GPU_LOST) return this.#retry(id, error.message, code);
      return this.#store.moveJob(id, "failed", { error: { code, message: error.message } });
    }
    log.error(`Cannot finish ${id}`, error);
    // It may have been a bad moment of the disk's, say; if it was not, the attempts have an end.
    return this.#retry(id, "a fault of the server, which its log describes", "internal");
  }

  #retry(id: string, reason: string, code?: string): Job {
    this.#store.appendEvent(id, "message", { level: "error", text: reason });
    return requeueOrFail(this.#store, id, reason, code);
  }
}

const isDiskFull = (error: unknown): error is DomainError =>
  error instanceof DomainError && error.code === "disk_full";
