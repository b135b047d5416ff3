import type { DatasetReader } from "../data/dataset_reader.ts";
import { Loader } from "../data/loader.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import type { FinetuneConfig } from "../domain/finetune.ts";
import { OutOfMemoryError } from "../gpu/gpu_error.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Batches } from "../training/batches.ts";
import { expectFit, type Fit, refuse } from "../training/fit.ts";
import { openViewSource, sketchViews, type ViewConfig } from "../training/view_source.ts";
import type { Judge } from "./judge.ts";
import type { ClassifierState } from "./state.ts";
import { stepMemory, SupervisedStep } from "./step.ts";
import type { Trial } from "./trials.ts";
import { viewOf } from "./views.ts";

type Normalization = Pick<Preprocessing, "channel_mean" | "channel_std">;

/** Makes sure that a trial fits, and takes what it needs of the GPU. */
export async function openTrial(
  pipelines: PipelineCache,
  { config, reader, hooks, options, state, judge }: {
    config: FinetuneConfig;
    reader: DatasetReader;
    hooks: { planned?(bytes: number): void };
    options: Normalization & { memoryBudget?: number };
    state: ClassifierState;
    judge: Judge;
  },
  { batch, items, statDecay }: Trial,
) {
  const { split, seed } = config, views = viewsOf(config, options);
  const loader = new Loader({ reader, split, batch, seed, items });
  const fit = trialFit(pipelines, config, loader, { state, judge, options });
  await expectFit(pipelines.device, fit);
  const gpuMemoryBytes = fit.bytesAt(batch);
  hooks.planned?.(gpuMemoryBytes);
  const source = openViewSource(pipelines.device, views, reader, loader.maxImageBytes * batch, 1);
  try {
    const step = await SupervisedStep.compile(pipelines, state, (recorder) => source.record(recorder), {
      statDecay,
    });
    await judge.prepare();
    const close = () => [step, source].forEach((part) => part.destroy());
    return { views: source, step, batches: new Batches(loader), gpuMemoryBytes, close };
  } catch (error) {
    source.destroy();
    throw error instanceof OutOfMemoryError ? await refuse(pipelines.device, fit) : error;
  }
}

/** The memory that a trial takes of a GPU, by its batch. Allocates nothing. */
export function trialFit(
  pipelines: PipelineCache,
  config: FinetuneConfig,
  { maxImageBytes }: Pick<Loader, "maxImageBytes">,
  { state, judge, options }: {
    state: ClassifierState;
    judge: Pick<Judge, "bytes">;
    options: Normalization & { memoryBudget?: number };
  },
): Fit {
  const views = viewsOf(config, options);
  return {
    ...{ batch: config.batch, budget: options.memoryBudget },
    bytesAt(size) {
      const sketch = sketchViews(views, size, maxImageBytes * size, 1);
      return stepMemory(pipelines, state, sketch.record).bytes + sketch.bytes + state.bytes + judge.bytes;
    },
  };
}

const viewsOf = (
  { px, seed, batch, augmentation }: FinetuneConfig,
  { channel_mean, channel_std }: Normalization,
): ViewConfig => ({
  ...{ px, seed, batch, micro_batch: null, precision: "f32", channel_mean, channel_std },
  augmentation: viewOf(augmentation),
});
