import type { Loader, PackedBatch } from "../data/loader.ts";

/** A map in Deno sleeps so long after the GPU is done: who waits no longer than that found it idle. */
const WAIT_MS = 12;

/**
 * A run's batches, each loaded ahead of its step while the GPU is at the step before, and an account of how long the GPU
 * had to wait for them.
 */
export class Batches {
  #ahead: { step: number; batch: PackedBatch } | undefined;
  /** Milliseconds spent on data since the account was last closed: in all, and while nothing was submitted. */
  #spent = 0;
  #alone = 0;
  #idle = true;
  constructor(readonly loader: Loader) {}

  /** The batch of `step`; valid until the next one is loaded. */
  take(step: number): PackedBatch {
    const { batch } = this.#ahead?.step === step ? this.#ahead : this.#load(step);
    this.#ahead = undefined;
    return batch;
  }

  /** Loads the batch of `step` now. The one that was taken last must be with the GPU by then. */
  loadAhead(step: number): void {
    if (this.#ahead?.step !== step) this.#ahead = this.#load(step);
  }

  /** Runs what puts a batch where the GPU reads it; it counts as time spent on data. */
  upload(write: () => void): void {
    const start = performance.now();
    write();
    this.#count(performance.now() - start);
  }

  /** A step has been submitted: what is done from now on, until a wait, is beside the GPU's work. */
  submitted(): void {
    this.#idle = false;
  }

  /**
   * Closes the account, after a wait for the GPU.
   *
   * @param waited Milliseconds that the loop has waited for the GPU. @param wall Milliseconds since the last account.
   * @returns The share of `wall` in which the GPU waited for data: the time spent on it while nothing was submitted; all of
   *   the time spent on it if the GPU was done before the loop came to wait.
   */
  close(waited: number, wall: number): number {
    const starved = waited <= WAIT_MS, share = (starved ? this.#spent : this.#alone) / Math.max(wall, 1e-3);
    [this.#spent, this.#alone, this.#idle] = [0, 0, true];
    return Math.min(1, share);
  }

  #load(step: number): { step: number; batch: PackedBatch } {
    const start = performance.now(), batch = this.loader.batch(step);
    this.#count(performance.now() - start);
    return { step, batch };
  }
  #count(milliseconds: number): void {
    this.#spent += milliseconds;
    if (this.#idle) this.#alone += milliseconds;
  }
}
