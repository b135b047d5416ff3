/** How long a worker may be silent. */
export interface Patience {
  /** Until it has told of two different steps. */
  firstMs: number;
  /** From then on, at least. */
  leastMs: number;
  /** From then on, as many times its longest silence in this job so far. */
  times: number;
}

/**
 * A worker says every second that it lives, but not while its thread waits for the GPU, as it does through each window of
 * steps. The worst of that is a job's first step, in which the driver compiles its kernels: measured on lavapipe with two
 * cores, resnet50 at 224 px is silent for 21 s with a batch of 4, of which 12 s compile and 2.2 s are each image's; with a
 * batch of 256 that would be 10 minutes. A GPU takes seconds. So the first step gets three times the worst, and what
 * comes after it is held against what the job itself has shown.
 */
export const TRAINING_PATIENCE: Patience = { firstMs: 1_800_000, leastMs: 300_000, times: 10 };

/** Rounds of a watch in `leastMs`. */
const ROUNDS = 20;

/**
 * Watches over one job of a worker. Counts rounds of a timer, not the clock: a machine that slept, or a server that was
 * stopped for an hour, has heard nothing in that time, and that says nothing of the worker.
 */
export class Silence {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #roundMs: number;
  #rounds = 0;
  #longestMs = 0;
  #first: number | undefined;
  #underWay = false;

  /** @param onTooLong Called once, with the milliseconds of silence. */
  constructor(readonly patience: Patience, onTooLong: (silentMs: number) => void) {
    this.#roundMs = patience.leastMs / ROUNDS;
    this.#timer = setInterval(() => {
      const silentMs = ++this.#rounds * this.#roundMs;
      if (silentMs < this.boundMs) return;
      this.stop();
      onTooLong(silentMs);
    }, this.#roundMs);
  }

  /** What is too long as things stand. */
  get boundMs(): number {
    const { firstMs, leastMs, times } = this.patience;
    return this.#underWay ? Math.max(leastMs, times * this.#longestMs) : firstMs;
  }

  /** A sign of life. @param step Steps done, where it tells of them. */
  heard(step?: number): void {
    this.#longestMs = Math.max(this.#longestMs, this.#rounds * this.#roundMs);
    this.#rounds = 0;
    if (step === undefined) return;
    this.#first ??= step;
    this.#underWay ||= step > this.#first;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
