import { DomainError } from "../domain/errors.ts";
import type { JobProgress } from "../domain/job.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { type PackedBatch, partOf } from "../data/loader.ts";
import { learningRate } from "../optim/schedule.ts";
import { Batches } from "../training/batches.ts";
import { CollapseWatch } from "./collapse.ts";
import { targetDecay } from "./ema.ts";
import { summarize } from "./figures.ts";
import type { StepMetrics } from "./metrics.ts";
import { notFinite } from "../training/not_finite.ts";
import { Pace } from "../training/pace.ts";
import type { ByolState } from "./state.ts";
import type { ByolStep } from "./step.ts";
import type { ViewSource } from "../training/view_source.ts";

/** What a checkpoint is made of; `step` optimiser steps are done. */
export interface TrainedState {
  step: number;
  epoch: number;
  metrics: Record<string, number>;
  /** Length of the encoder's embeddings. */
  dim: number;
  model: NamedTensors;
  trainingState: NamedTensors;
}
/** What a run tells, and what it has others do. */
export interface TrainHooks {
  progress(progress: JobProgress, metrics: Record<string, number>): void;
  /** Something worth knowing that is no figure. */
  message(level: "info" | "warn" | "error", text: string): void;
  /** Bytes of the GPU's memory that the run was worked out to take. */
  planned?(bytes: number): void;
  /** Keeps a state; resolves with its id when it is safe and told. Training goes on meanwhile. */
  checkpoint(state: TrainedState): Promise<string>;
  /** RankMe of embeddings, `[rows, dim]`. Training goes on meanwhile. */
  rankMe(embeddings: Float32Array, dim: number): Promise<number>;
}
/** Measures the network as it stands; training waits. */
export interface Evaluation {
  everyEpochs: number;
  /** @throws What `signal` was aborted with. */
  run(signal: AbortSignal): Promise<{ metrics: Record<string, number>; text: string }>;
}

/** Steps between two computations of RankMe, which takes a thread a second or so. */
const RANKME_EVERY = 100;

/** A run from some step to its last: batch → replay → figures → checkpoint, and what watches over it. */
export class TrainingLoop {
  readonly #batches: Batches;
  readonly #pace: Pace;
  readonly #watch: CollapseWatch;
  #done: number;
  #latest: Record<string, number> = {};
  readonly #rankMe: { due: number; value?: number; pending?: Promise<void> };
  /** The step of the newest checkpoint, the write that is under way, and the newest of a run that was well. */
  #saved = -1;
  #writing: Promise<void> = Promise.resolve();
  #failure: { error: unknown } | undefined;
  #lastGood: string | undefined;
  #closed = performance.now();

  constructor(
    private readonly run: {
      config: ResolvedPretrainConfig;
      state: ByolState;
      step: ByolStep;
      views: ViewSource;
      batches: Batches;
      hooks: TrainHooks;
      evaluation?: Evaluation;
      gpuMemoryBytes: number;
      /** Where to go on: the steps done, and a checkpoint of a run that was well. */
      from?: { step: number; lastGood?: string };
    },
    private readonly signal: AbortSignal,
  ) {
    const { config, from, batches } = run;
    this.#batches = batches;
    this.#done = from?.step ?? 0;
    if (from) [this.#saved, this.#lastGood] = [from.step, from.lastGood];
    this.#pace = new Pace(config.total_steps, config.batch, this.#done);
    this.#watch = new CollapseWatch({ dimensions: config.projector.out, tau: config.tau });
    this.#rankMe = { due: this.#done + 1 };
  }

  /**
   * Trains to the end.
   *
   * @returns The last step's figures and the mean rate.
   * @throws {DomainError} `invalid`, type `diverged` or `collapsed`, with the last good checkpoint's id.
   * @throws What the signal was aborted with; a state is kept first, where `keepsStateOf` says so of it.
   */
  async toEnd(keepsStateOf: (reason: unknown) => boolean): Promise<Record<string, number>> {
    const { total_steps: total } = this.run.config;
    try {
      if (this.#saved < 0) {
        await this.#evaluate();
        await this.#save();
      }
      while (this.#done < total) {
        this.#expectGoingOn();
        await this.#window(this.#nextStop());
        await this.#evaluate(); // first, so that the checkpoint's figures have its accuracy
        if (this.#isDue(this.run.config.checkpoint.every_steps) || this.#done === total) await this.#save();
      }
      await this.#written();
    } catch (error) {
      if (error === this.signal.reason && keepsStateOf(error) && this.#saved !== this.#done) {
        await this.#save();
      }
      throw error;
    } finally {
      await Promise.all([this.#writing, this.#rankMe.pending]);
    }
    const stillCollapsed = this.#watch.collapsed;
    if (stillCollapsed) throw await this.#failed("collapsed", stillCollapsed);
    return { ...this.#latest, step: total, images_per_s: this.#pace.meanRate };
  }

  #expectGoingOn(): void {
    this.signal.throwIfAborted();
    if (this.#failure) throw this.#failure.error;
  }

  /** The step that the loop has to come to a halt at: a checkpoint's, an evaluation's, the last. */
  #nextStop(): number {
    const { config: { checkpoint, steps_per_epoch, total_steps }, evaluation } = this.run;
    const next = (every: number) => (Math.floor(this.#done / every) + 1) * every;
    return Math.min(
      this.#done + this.#pace.stepsBetweenWaits,
      checkpoint.every_steps === null ? total_steps : next(checkpoint.every_steps),
      evaluation ? next(evaluation.everyEpochs * steps_per_epoch) : total_steps,
      total_steps,
    );
  }
  #isDue = (every: number | null): boolean => every !== null && this.#done % every === 0;

  /** Submits the steps up to `until`, then waits for them and tells their figures. */
  async #window(until: number): Promise<void> {
    const { config, step, hooks } = this.run, from = this.#done, batches = this.#batches;
    for (let k = from; k < until; k++) {
      const batch = batches.take(k);
      step.run(k, ratesAt(k, config), (micro) => batches.upload(() => this.#write(batch, micro)));
      batches.submitted();
      if (k + 1 < config.total_steps) batches.loadAhead(k + 1);
    }
    const waiting = performance.now(), figures = await step.metrics(from, until), now = performance.now();
    this.#done = until;
    const { lr, tau } = ratesAt(until - 1, config);
    const metrics = {
      ...summarize(figures, config),
      ...{ lr, tau },
      ...{ data_wait: batches.close(now - waiting, now - this.#closed) },
      gpu_memory_bytes: this.run.gpuMemoryBytes,
      ...(this.#rankMe.value === undefined ? {} : { rankme: this.#rankMe.value }),
    };
    this.#closed = now;
    // The weights too: a driver's rectifier may make 0 of what is no number, and the loss then knows nothing of it.
    const isFinite = ({ loss, parameterNorm }: StepMetrics) => Number.isFinite(loss + parameterNorm);
    const bad = figures.findIndex((figures) => !isFinite(figures));
    if (bad >= 0) {
      const what = `${notFinite(from + bad, figures[bad])}; lower optimizer.base_lr`;
      hooks.message("error", `Training has failed: ${what}`);
      throw await this.#failed("diverged", what);
    }
    const epoch = Math.floor((until - 1) / config.steps_per_epoch);
    const progress = this.#pace.advance(until, epoch);
    this.#latest = metrics;
    hooks.progress(progress, { ...metrics, images_per_s: progress.images_per_s });
    const collapse = this.#watch.observe(until, metrics);
    if (collapse) {
      hooks.message("error", `The representation has collapsed: ${collapse}`);
      if (config.on_collapse === "fail") throw await this.#failed("collapsed", collapse);
    }
    if (until >= this.#rankMe.due && !this.#rankMe.pending) {
      this.#rankMe.due = until + RANKME_EVERY;
      this.#rankMe.pending = step.readEmbeddings().then(({ values, dim }) => hooks.rankMe(values, dim))
        .then((value) => void (this.#rankMe.value = value))
        .catch((error) => hooks.message("warn", `RankMe could not be computed: ${error.message}`))
        .finally(() => this.#rankMe.pending = undefined);
    }
  }

  /** Uploads a micro-batch. */
  #write(batch: PackedBatch, micro: number): void {
    const { views, step, state: { probe } } = this.run, { images } = step.record;
    views.write(batch, micro);
    if (probe) step.writeLabels(new Uint32Array(partOf(batch, micro * images, images).labels));
  }

  /** Reads the state back, once the checkpoint before is written, and has it written while training goes on. */
  async #save(): Promise<void> {
    await this.#written();
    const start = performance.now(), { state, config, hooks } = this.run, step = this.#done;
    const well = !this.#watch.suspicious;
    const tensors = await state.read(step, this.run.step.microBatches);
    this.#saved = step;
    const epoch = Math.floor(step / config.steps_per_epoch);
    this.#writing = hooks.checkpoint({
      ...{ step, epoch, dim: state.spec.dim },
      metrics: well ? this.#latest : { ...this.#latest, suspect: 1 },
      ...tensors,
    }).then(
      (id) => void (well && (this.#lastGood = id)),
      (error) => void (this.#failure ??= { error }),
    );
    this.#pace.leaveOut(start);
  }
  async #written(): Promise<void> {
    await this.#writing;
    if (this.#failure) throw this.#failure.error;
  }

  async #evaluate(): Promise<void> {
    const { evaluation, config, hooks } = this.run, done = this.#done;
    if (!evaluation) return;
    if (!this.#isDue(evaluation.everyEpochs * config.steps_per_epoch) && done !== config.total_steps) return;
    const start = performance.now(), { metrics, text } = await evaluation.run(this.signal);
    this.#pace.leaveOut(start);
    this.#closed = performance.now();
    const epoch = done / config.steps_per_epoch;
    hooks.message("info", `After ${+epoch.toFixed(2)} epochs: ${text}`);
    this.#latest = { ...this.#latest, ...metrics };
    hooks.progress(
      this.#pace.standing(done, Math.floor(Math.max(0, done - 1) / config.steps_per_epoch)),
      this.#latest,
    );
  }

  async #failed(type: "diverged" | "collapsed", reason: string): Promise<DomainError> {
    await this.#writing; // it may be of a good one
    const good = this.#lastGood
      ? `the last good checkpoint is ${this.#lastGood}`
      : "there is no good checkpoint";
    return new DomainError("invalid", `Cannot go on training: ${reason}; ${good}`, { type });
  }
}

/** The probe's peak rate, multiplied by batch / 256: what small benchmarks train theirs with (byol.md §B1, §C2). */
const PROBE_BASE_RATE = 0.1;

/** Learning rates and target decay of step `k`, from 0. */
function ratesAt(k: number, config: ResolvedPretrainConfig): { lr: number; tau: number; probeLr: number } {
  const { total_steps: total, warmup_steps: warmup, peak_lr, batch, tau } = config;
  return {
    lr: learningRate(k, total, warmup, peak_lr),
    tau: targetDecay(k, total, tau),
    probeLr: learningRate(k, total, 0, (PROBE_BASE_RATE * batch) / 256),
  };
}
