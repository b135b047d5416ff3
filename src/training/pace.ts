import type { JobProgress } from "../domain/job.ts";
import { METRIC_SLOTS } from "./figure_ring.ts";

/** Work submitted between two waits for the GPU: long enough that a wait's 10 ms vanish, short enough to stop soon. */
const SECONDS_BETWEEN_WAITS = 1;

/**
 * How fast a run goes, and so how many steps it may submit before it waits for the GPU. The first step counts for
 * nothing else: the driver compiles its kernels in it, which can take longer than the rest of a short run.
 */
export class Pace {
  stepsBetweenWaits = 1;
  #first: { at: number; done: number } | undefined;
  #last: { at: number; done: number };
  /** @param done Steps that were done before, in another process. */
  constructor(readonly total: number, readonly batch: number, done: number) {
    this.#last = { at: performance.now(), done };
  }

  /** Images a second since the first step; 0 while there is nothing to tell it from. */
  get meanRate(): number {
    if (!this.#first || this.#last.done === this.#first.done) return 0;
    return this.batch * stepsPerSecond(this.#first, this.#last);
  }

  /** @param done Steps done by now. */
  advance(done: number, epoch: number): JobProgress {
    const now = { at: performance.now(), done }, rate = stepsPerSecond(this.#last, now);
    this.#last = now;
    this.#first ??= now;
    this.stepsBetweenWaits = Math.min(METRIC_SLOTS, Math.max(1, Math.round(rate * SECONDS_BETWEEN_WAITS)));
    const { meanRate, batch, total } = this;
    return {
      step: done,
      total_steps: total,
      epoch,
      images_per_s: rate * batch,
      eta_s: meanRate === 0 ? null : ((total - done) * batch) / meanRate,
    };
  }

  /** Where the run stands, no further than at the last `advance`. */
  standing(done: number, epoch: number): JobProgress {
    const { meanRate, total, batch } = this;
    const eta_s = meanRate === 0 ? null : ((total - done) * batch) / meanRate;
    return { step: done, total_steps: total, epoch, images_per_s: meanRate, eta_s };
  }

  /** Leaves out the time since `at`, in which no steps were made: an evaluation, say. */
  leaveOut(at: number): void {
    const pause = performance.now() - at;
    for (const moment of new Set([this.#first, this.#last])) if (moment) moment.at += pause;
  }
}

function stepsPerSecond(from: { at: number; done: number }, to: { at: number; done: number }): number {
  return (to.done - from.done) / Math.max(1e-3, (to.at - from.at) / 1000);
}
