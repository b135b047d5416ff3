import type { Run } from "./run.ts";

/** Tells how far an evaluation has come; a step is an image embedded, or a classifier fitted. */
export class EvaluationProgress {
  readonly #start = performance.now();
  #done = 0;
  #images = 0;

  constructor(readonly say: Run["say"], readonly total: number) {}

  /** That many more images have been embedded. */
  embedded = (count: number): void => {
    this.#images += count;
    this.step(count);
  };

  /** That many more steps, whole or not, that are no images. */
  step(count: number): void {
    this.#done = Math.min(this.total, this.#done + count);
    const seconds = (performance.now() - this.#start) / 1000, left = this.total - this.#done;
    const progress = {
      ...{ step: Math.floor(this.#done), total_steps: this.total, epoch: 0 },
      ...{ images_per_s: this.#images / seconds, eta_s: (seconds * left) / Math.max(1, this.#done) },
    };
    this.say({ type: "progress", progress, metrics: {} });
  }
}
