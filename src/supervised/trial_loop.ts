import type { FinetuneConfig } from "../domain/finetune.ts";
import type { JobProgress } from "../domain/job.ts";
import type { PackedBatch } from "../data/loader.ts";
import type { Batches } from "../training/batches.ts";
import { NO_CLASS } from "../training/label_figures.ts";
import { notFinite } from "../training/not_finite.ts";
import { Pace } from "../training/pace.ts";
import type { ViewSource } from "../training/view_source.ts";
import { summarize } from "./figures.ts";
import type { Keeper, Position } from "./keeper.ts";
import type { SupervisedStep } from "./step.ts";
import { rateAt, type Trial } from "./trials.ts";

/** What a run tells. */
export interface LoopHooks {
  progress(progress: JobProgress, metrics: Record<string, number>): void;
  message(level: "info" | "warn" | "error", text: string): void;
}
export interface TrialRun {
  config: FinetuneConfig;
  trial: Trial;
  step: SupervisedStep;
  views: ViewSource;
  batches: Batches;
  /** As `outputsOf` gives them. */
  outputs: Uint32Array;
  keeper: Keeper;
  hooks: LoopHooks;
  /** Steps of the trials before, and of all. */
  before: number;
  total: number;
  results: Position["results"];
  gpuMemoryBytes: number;
}

/** One trial, from some step of it to its last: batch → replay → figures → checkpoint. */
export class TrialLoop {
  readonly #pace: Pace;
  #latest: Record<string, number> = {};
  #closed = performance.now();

  /** @param done Steps of the trial that are done already. */
  constructor(private readonly run: TrialRun, private readonly signal: AbortSignal, public done: number) {
    const { total, before, trial } = run;
    this.#pace = new Pace(total, trial.batch, before + done);
  }

  /** Has a run's very first state kept, before it is trained at all. */
  async saveFirst(): Promise<void> {
    if (this.run.keeper.saved < 0) await this.save();
  }

  /** Has the trial kept as it stands, with its latest figures; nothing, if that is kept already. */
  async save(): Promise<void> {
    const { keeper, step: { state }, before, trial, results } = this.run,
      { done } = this,
      step = before + done;
    if (keeper.saved === step) return;
    await keeper.save(step, async () => ({
      ...{ step, epoch: this.#epoch(done), metrics: this.#latest },
      ...{ position: { trial: trial.index, step: done, results: [...results] }, dim: state.spec.dim },
      ...await state.read(done),
    }));
  }

  /**
   * Trains to the trial's end; checkpoints are made at the config's steps, counted over all trials.
   *
   * @returns Why it diverged, if it did: its loss or its weights are no numbers.
   * @throws What the signal was aborted with, between two windows. @throws As the keeper.
   */
  async toEnd(): Promise<string | undefined> {
    const { config: { checkpoint: { every_steps: every } }, before, trial, keeper } = this.run;
    while (this.done < trial.steps) {
      this.signal.throwIfAborted();
      keeper.expectWell();
      const here = before + this.done;
      const due = every === null ? Infinity : (Math.floor(here / every) + 1) * every - before;
      const until = Math.min(this.done + this.#pace.stepsBetweenWaits, trial.steps, due);
      const diverged = await this.#window(until);
      if (diverged) return diverged;
      if (until === due && until < trial.steps) await this.save();
    }
  }

  /** Tells figures that were found where the trial stands. */
  tell(figures: Record<string, number>): void {
    const { before } = this.run, standing = this.#pace.standing(before + this.done, this.#epoch(this.done));
    this.#latest = { ...this.#latest, ...figures };
    this.run.hooks.progress(standing, this.#latest);
  }
  /** The latest figures, and the mean rate. */
  get figures(): Record<string, number> {
    return { ...this.#latest, images_per_s: this.#pace.meanRate };
  }

  #epoch = (done: number): number => Math.floor(Math.max(0, done - 1) / this.run.trial.stepsPerEpoch);

  /** Submits the steps up to `until`, then waits for them and tells their figures. */
  async #window(until: number): Promise<string | undefined> {
    const { config, trial, step, batches, hooks, before, gpuMemoryBytes } = this.run, from = this.done;
    for (let k = from; k < until; k++) {
      const batch = batches.take(k);
      batches.upload(() => this.run.views.write(batch));
      step.run(k, rateAt(config, trial, k), this.#outputsOf(batch));
      batches.submitted();
      if (k + 1 < trial.steps) batches.loadAhead(k + 1);
    }
    const waiting = performance.now(), figures = await step.figures(from, until), now = performance.now();
    const bad = figures.findIndex(({ loss, parameterNorm }) => !Number.isFinite(loss + parameterNorm));
    if (bad >= 0) {
      return notFinite(from + bad, figures[bad]);
    }
    this.done = until;
    const data_wait = batches.close(now - waiting, now - this.#closed);
    this.#closed = now;
    const progress = this.#pace.advance(before + until, this.#epoch(until));
    this.#latest = {
      ...summarize(figures),
      ...{ lr: rateAt(config, trial, until - 1), trial: trial.index, base_lr: trial.base_lr },
      ...{ data_wait, gpu_memory_bytes: gpuMemoryBytes },
    };
    hooks.progress(progress, { ...this.#latest, images_per_s: progress.images_per_s });
  }

  #outputsOf({ labels }: PackedBatch): Uint32Array<ArrayBuffer> {
    const { outputs } = this.run;
    return Uint32Array.from(labels, (label) => outputs[label] ?? NO_CLASS);
  }
}
