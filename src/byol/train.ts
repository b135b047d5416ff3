import type { DatasetReader } from "../data/dataset_reader.ts";
import { Loader } from "../data/loader.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { OutOfMemoryError } from "../gpu/gpu_error.ts";
import type { MemoryPlan } from "../gpu/memory.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Batches } from "../training/batches.ts";
import { expectFit, type Fit, mebibytes, refuse } from "../training/fit.ts";
import { type ByolState, openByolState } from "./state.ts";
import { ByolStep, stepMemory, type StepOptions } from "./step.ts";
import { type Evaluation, type TrainHooks, TrainingLoop } from "./training_loop.ts";
import { openViewSource, sketchViews, type ViewSource } from "../training/view_source.ts";

/** An evaluation that holds memory of the GPU from before the first step to after the last. */
export interface OpenEvaluation extends Evaluation {
  bytes: number;
  /** Takes that memory. @throws {OutOfMemoryError} If the device has not got it. */
  prepare(): Promise<void>;
  destroy(): void;
}
export interface TrainOptions {
  /** The most bytes of GPU memory that it may take; where it isn't known, what the device gives. */
  memoryBudget?: number;
  /** A state to go on from, its checkpoint's id, and the last of a run that was well. */
  resume?: { checkpoint: string; step: number; trainingState: NamedTensors; lastGood?: string };
  /** A state whose weights to begin with, instead of random ones. */
  init?: NamedTensors;
  /** Sets up what measures the network while it trains. */
  openEvaluation?(state: ByolState): OpenEvaluation;
  /** Whether a state is to be kept when the run is stopped, by what the signal was aborted with. */
  keepsStateOf?(reason: unknown): boolean;
  /** For tests: BYOL without a part that it cannot do without. */
  ablation?: StepOptions["ablation"];
}

/** From this many images on, BatchNorm over fewer than `FULL_BATCH` images at once costs accuracy (byol.md §B5, §E2). */
const LARGE_DATASET = 100_000, FULL_BATCH = 256;

/**
 * Trains BYOL for `config.total_steps` steps, with a checkpoint at step 0, every `config.checkpoint.every_steps` and at
 * the end. A run that is interrupted and goes on from a checkpoint makes the same bits as one that was not.
 *
 * @returns The last step's figures and the run's mean rate.
 * @throws {DomainError} `invalid` if the data does not fit the config; or, type `does_not_fit`, if the batch does not
 *   fit the GPU, naming the largest that does; or, type `diverged` or `collapsed`, naming the last good checkpoint.
 * @throws What `signal` was aborted with.
 */
export async function train(
  pipelines: PipelineCache,
  config: ResolvedPretrainConfig,
  reader: DatasetReader,
  hooks: TrainHooks,
  signal: AbortSignal,
  options: TrainOptions = {},
): Promise<Record<string, number>> {
  const { batch, seed, split } = config, microBatch = config.micro_batch ?? batch;
  const { resume, init, memoryBudget, ablation } = options;
  const loader = new Loader({ reader, split, batch, seed });
  const state = openByolState(pipelines, config, { classes: loader.classes });
  const open: { destroy(): void }[] = [state];
  try {
    const evaluation = options.openEvaluation?.(state);
    if (evaluation) open.push(evaluation);
    const fit = fitOf(pipelines, config, loader, state, {
      ...{ evaluationBytes: evaluation?.bytes, memoryBudget, ablation },
    });
    await expectFit(pipelines.device, fit);
    const { plan, bytes } = fit.memoryAt(microBatch);
    hooks.message("info", describeMemory(plan, bytes));
    hooks.planned?.(bytes);
    if (loader.images >= LARGE_DATASET && microBatch < FULL_BATCH) {
      hooks.message("warn", describeSmallBatch(microBatch, loader.images));
    }
    const views: ViewSource = openViewSource(
      pipelines.device,
      config,
      reader,
      loader.maxImageBytes * microBatch,
    );
    open.push(views);
    if (resume) state.load(resume.trainingState);
    else state.initialize(seed, init);
    let step: ByolStep;
    try {
      step = await ByolStep.compile(pipelines, state, (recorder) => views.record(recorder), {
        ...{ microBatches: batch / microBatch, ablation },
      });
      open.push(step);
      await evaluation?.prepare();
    } catch (error) {
      throw error instanceof OutOfMemoryError ? await refuse(pipelines.device, fit) : error;
    }
    if (resume) hooks.message("info", `Going on from ${resume.checkpoint}, after ${resume.step} steps`);
    const loop = new TrainingLoop({
      ...{ config, state, step, views, batches: new Batches(loader), hooks, evaluation },
      ...{ gpuMemoryBytes: bytes, from: resume },
    }, signal);
    return await loop.toEnd(options.keepsStateOf ?? (() => false));
  } finally {
    for (const part of open.reverse()) part.destroy();
  }
}

/** The memory that a run takes of a GPU, by its batch. Allocates nothing. */
export function fitOf(
  pipelines: PipelineCache,
  config: ResolvedPretrainConfig,
  { maxImageBytes }: Pick<Loader, "maxImageBytes">,
  state: ByolState,
  { evaluationBytes = 0, memoryBudget, ablation }:
    & { evaluationBytes?: number }
    & Pick<TrainOptions, "memoryBudget" | "ablation">,
): Fit & { memoryAt(size: number): { plan: MemoryPlan; bytes: number } } {
  const { batch } = config, microBatch = config.micro_batch ?? batch;
  const memoryAt = (size: number) => {
    const sketch = sketchViews(config, size, maxImageBytes * size);
    const plan = stepMemory(pipelines, state, sketch.record, { microBatches: batch / microBatch, ablation });
    return { plan, bytes: plan.bytes + sketch.bytes + state.bytes + evaluationBytes };
  };
  return {
    ...{ field: config.micro_batch === null ? "batch" : "micro_batch", batch: microBatch },
    ...{ budget: memoryBudget, bytesAt: (size) => memoryAt(size).bytes, memoryAt },
  };
}

function describeMemory(plan: { bytes: number; peakBytes: number; tensors: number }, bytes: number): string {
  return `A step will take ${mebibytes(bytes)} of the GPU's memory: ${
    mebibytes(plan.bytes)
  } for ${plan.tensors} tensors ` +
    `(${mebibytes(plan.peakBytes)} of it alive at once), the rest for weights, gradients and the batch`;
}
const describeSmallBatch = (size: number, images: number): string =>
  `BatchNorm takes its statistics of ${size} images at once; of ${images} images, fewer than ${FULL_BATCH} cost accuracy ` +
  `(3 points at 128 and 13 at 64, on ImageNet), whatever the batch that gradients are summed over`;
