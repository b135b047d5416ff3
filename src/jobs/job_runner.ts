import { DomainError, GPU_LOST } from "../domain/errors.ts";
import { isEnded, type Job, KnnConfig } from "../domain/job.ts";
import type { JobReport, Store, Trainer, TrainingTask } from "../domain/ports.ts";
import { PretrainRequest } from "../domain/pretrain.ts";
import type { EventHub } from "./event_hub.ts";
import { resolvePretrainConfig } from "./resolve_config.ts";

/** A job that has ended its worker's process this often is not tried again. */
export const MAX_ATTEMPTS = 3;
/** After a fault of ours (a full disk, say): long enough not to spin, short enough to go on unattended. */
const RETRY_MS = 2000;

/** Puts back into the queue what a dead server left running, or fails it if it has had its attempts. */
export function recoverRunningJobs(store: Store): void {
  for (;;) {
    const { data } = store.listJobs({ status: "running" }, { limit: 100 });
    if (data.length === 0) return;
    for (const job of data) requeueOrFail(store, job, "the server ended while the job ran");
  }
}

function requeueOrFail(store: Store, job: Job, reason: string, code = "attempts_exhausted"): void {
  if (job.attempt < MAX_ATTEMPTS) store.moveJob(job.id, "queued");
  else {
    store.moveJob(job.id, "failed", {
      error: { code, message: `Cannot finish the job in ${job.attempt} attempts: ${reason}` },
    });
  }
}

/** Runs queued jobs through a Trainer, oldest first and one at a time, and keeps what they report. */
export class JobRunner {
  #store: Store;
  #trainer: Trainer;
  #hub: EventHub;
  #loop: Promise<void> | undefined;
  #stopped = false;
  #wake = Promise.withResolvers<void>();
  #current: { id: string; controller: AbortController } | undefined;

  constructor({ store, trainer, hub }: { store: Store; trainer: Trainer; hub: EventHub }) {
    this.#store = store;
    this.#trainer = trainer;
    this.#hub = hub;
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
    if (this.#current?.id === id) this.#current.controller.abort();
    this.#hub.publish(id);
    return job;
  }

  /** Stops the loop. A running job goes back to the queue, and the attempt is not counted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#current?.controller.abort();
    this.wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#wake = Promise.withResolvers();
      try {
        // Also for a job whose settling the store would not take.
        recoverRunningJobs(this.#store);
        const job = this.#store.claimJob();
        if (job) {
          this.#hub.publish(job.id);
          await this.#attempt(job);
          this.#hub.publish(job.id);
        } else await this.#wake.promise;
      } catch (error) {
        // The store would not take a state (a full disk, say). The queue must outlive that.
        console.error("Cannot run the queue for now:", error);
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
    const controller = new AbortController();
    this.#current = { id: job.id, controller };
    let settle: () => void;
    try {
      const result = await this.#trainer.run(this.#task(job), this.#report(job.id), controller.signal);
      settle = () => this.#store.moveJob(job.id, "succeeded", { result });
    } catch (error) {
      settle = () => this.#settleRejected(job, error);
    } finally {
      this.#current = undefined;
    }
    if (this.#isLive(job.id)) settle();
  }

  #settleRejected(job: Job, error: unknown): void {
    if (this.#stopped) {
      this.#store.moveJob(job.id, "queued", { attempt: job.attempt - 1 });
    } else if (error instanceof Error && error.name === "WorkerDied") {
      this.#retry(job, error.message);
    } else if (error instanceof DomainError) {
      const code = error.options.type ?? error.code;
      if (code === GPU_LOST) return this.#retry(job, error.message, code);
      this.#store.moveJob(job.id, "failed", { error: { code, message: error.message } });
    } else {
      console.error(`Cannot finish ${job.id}:`, error);
      const message = "Cannot finish the job: a fault of the server, which its log describes";
      this.#store.moveJob(job.id, "failed", { error: { code: "internal", message } });
    }
  }

  #retry(job: Job, reason: string, code?: string): void {
    this.#store.appendEvent(job.id, "message", { level: "error", text: reason });
    requeueOrFail(this.#store, job, reason, code);
  }

  #task(job: Job): TrainingTask {
    const { id, dataset, config } = job;
    const found = this.#store.getDataset(dataset);
    if (!found) throw new DomainError("not_found", `Cannot use ${dataset}: there is no such dataset`);
    const work: TrainingTask["work"] = job.kind === "knn"
      ? { kind: "knn", config: KnnConfig.parse(config) }
      : { kind: "pretrain", config: resolvePretrainConfig(PretrainRequest.parse(config), found) };
    return { job: id, dataset, fingerprint: found.fingerprint ?? "", work };
  }

  #report(id: string): JobReport {
    const live = (write: () => void) => {
      if (!this.#isLive(id)) return;
      write();
      this.#hub.publish(id);
    };
    return {
      progress: (progress, metrics) => live(() => this.#store.updateProgress(id, progress, metrics)),
      checkpoint: (checkpoint) => live(() => this.#store.createCheckpoint(checkpoint)),
      message: (level, text) => live(() => this.#store.appendEvent(id, "message", { level, text })),
    };
  }

  /** Whether the job is still this runner's to write to: a cancelled one keeps its last event last. */
  #isLive(id: string): boolean {
    const job = this.#store.getJob(id);
    return job !== undefined && !isEnded(job.status);
  }
}
