import type { DatasetReader } from "../data/dataset_reader.ts";
import { Loader } from "../data/loader.ts";
import { DomainError } from "../domain/errors.ts";
import type { JobProgress } from "../domain/job.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { OutOfMemoryError } from "../gpu/gpu_error.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { learningRate } from "../optim/schedule.ts";
import { targetDecay } from "./ema.ts";
import { expectFit, mebibytes, refuse } from "./fit.ts";
import { METRIC_SLOTS, type StepMetrics } from "./metrics.ts";
import { openByolState } from "./state.ts";
import { ByolStep, stepMemory } from "./step.ts";
import { openViewSource, sketchViews, type ViewSource } from "./view_source.ts";

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
export interface TrainHooks {
  progress(progress: JobProgress, metrics: Record<string, number>): void;
  /** Something worth knowing that is no figure. */
  message(text: string): void;
  /** Awaited: training goes on when the checkpoint is safe and told. */
  checkpoint(state: TrainedState): Promise<void>;
}

/** Work submitted between two waits for the GPU: long enough that a wait's 10 ms vanish, short enough to cancel soon. */
const SECONDS_BETWEEN_WAITS = 1;

/**
 * Trains BYOL from fresh weights: batch → replay → figures → checkpoint, for `config.total_steps` steps, with a
 * checkpoint at step 0, every `config.checkpoint.every_steps` and at the end.
 *
 * @param options.memoryBudget The most bytes of GPU memory that it may take; where it isn't known, what the device gives.
 * @returns The last step's figures and the run's mean rate.
 * @throws {DomainError} `invalid` if the data does not fit the config; or, type `batch_too_large`, if the batch does not
 *   fit the GPU, naming the largest that does; or, type `diverged`, when the loss is not finite.
 * @throws What `signal` was aborted with.
 */
export async function train(
  pipelines: PipelineCache,
  config: ResolvedPretrainConfig,
  reader: DatasetReader,
  hooks: TrainHooks,
  signal: AbortSignal,
  { memoryBudget }: { memoryBudget?: number } = {},
): Promise<Record<string, number>> {
  const { batch, seed, split, total_steps: total } = config;
  const loader = new Loader({ reader, split, batch, seed });
  const state = openByolState(pipelines, config);
  const memoryAt = (size: number) => {
    const sketch = sketchViews(config, size, Math.ceil((loader.maxBatchBytes * size) / batch));
    const plan = stepMemory(pipelines, state, sketch.record);
    return { plan, bytes: plan.bytes + sketch.bytes + state.bytes };
  };
  const fit = { batch, budget: memoryBudget, bytesAt: (size: number) => memoryAt(size).bytes };
  let views: ViewSource | undefined, step: ByolStep | undefined;
  try {
    await expectFit(pipelines.device, fit);
    const { plan, bytes } = memoryAt(batch);
    hooks.message(
      `A step will take ${mebibytes(bytes)} of the GPU's memory: ${
        mebibytes(plan.bytes)
      } for ${plan.tensors} tensors ` +
        `(${mebibytes(plan.peakBytes)} of it alive at once), the rest for weights, gradients and the batch`,
    );
    const source = views = openViewSource(pipelines.device, config, reader, loader.maxBatchBytes);
    state.initialize(seed);
    try {
      step = await ByolStep.compile(pipelines, state, (recorder) => source.record(recorder));
    } catch (error) {
      throw error instanceof OutOfMemoryError ? await refuse(pipelines.device, fit) : error;
    }
    return await loop(source, step);
  } finally {
    step?.destroy();
    views?.destroy();
    state.destroy();
  }

  async function loop(views: ViewSource, step: ByolStep): Promise<Record<string, number>> {
    const save = async (done: number, metrics: Record<string, number>) => {
      const epoch = Math.floor(done / loader.stepsPerEpoch);
      await hooks.checkpoint({ step: done, epoch, metrics, dim: state.spec.dim, ...await state.read(done) });
    };
    await save(0, {});
    const pace = new Pace(total, batch);
    let latest: Record<string, number> = {};
    for (let done = 0; done < total;) {
      signal.throwIfAborted();
      const every = config.checkpoint.every_steps ?? total;
      const until = Math.min(done + pace.stepsBetweenWaits, (Math.floor(done / every) + 1) * every, total);
      for (let k = done; k < until; k++) {
        views.write(loader.batch(k));
        step.run(k, ratesAt(k, config));
      }
      const figures = await step.metrics(done, until);
      latest = { ...summarize(figures, done, config.precision), ...ratesAt(until - 1, config) };
      done = until;
      const progress = pace.advance(done, Math.floor((done - 1) / loader.stepsPerEpoch));
      hooks.progress(progress, { ...latest, images_per_s: progress.images_per_s });
      if (done % every === 0 || done === total) await save(done, latest);
    }
    return { ...latest, step: total, images_per_s: pace.meanRate };
  }
}

/** Learning rate and target decay of step `k`, from 0. */
function ratesAt(k: number, config: ResolvedPretrainConfig): { lr: number; tau: number } {
  return {
    lr: learningRate(k, config.total_steps, config.warmup_steps, config.peak_lr),
    tau: targetDecay(k, config.total_steps, config.tau),
  };
}

/** @throws {DomainError} If a loss is not a finite number: the run cannot recover from that. */
function summarize(
  figures: StepMetrics[],
  first: number,
  precision: ResolvedPretrainConfig["precision"],
): Record<string, number> {
  const bad = figures.findIndex(({ loss }) => !Number.isFinite(loss));
  if (bad >= 0) {
    throw new DomainError(
      "invalid",
      `Cannot go on training: the loss of step ${first + bad} is ${
        figures[bad].loss
      }; lower optimizer.base_lr`,
      { type: "diverged" },
    );
  }
  const mean = (of: (m: StepMetrics) => number) =>
    figures.reduce((sum, m) => sum + of(m), 0) / figures.length;
  const { lossScale, skippedSteps } = figures.at(-1)!;
  return {
    loss: mean((m) => m.loss),
    projection_std: mean((m) => m.projectionStd),
    ...precision === "mixed" && { loss_scale: lossScale, skipped_steps: skippedSteps },
  };
}

/**
 * How fast the loop goes, and so how many steps it may submit before it waits for the GPU. The first step counts for
 * nothing else: the driver compiles its kernels in it, which can take longer than the rest of a short run.
 */
class Pace {
  stepsBetweenWaits = 1;
  #first: { at: number; done: number } | undefined;
  #last = { at: performance.now(), done: 0 };
  constructor(readonly total: number, readonly batch: number) {}

  /** Images a second since the first step; 0 while there is nothing to tell it from. */
  get meanRate(): number {
    if (!this.#first || this.#last.done === this.#first.done) return 0;
    return this.batch * stepsPerSecond(this.#first, this.#last);
  }

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
}

function stepsPerSecond(from: { at: number; done: number }, to: { at: number; done: number }): number {
  return (to.done - from.done) / Math.max(1e-3, (to.at - from.at) / 1000);
}
