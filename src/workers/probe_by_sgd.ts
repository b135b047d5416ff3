import { epochOrder } from "../data/sampler.ts";
import type { ViewAugmentation } from "../domain/augmentation.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import type { LinearProbeConfig } from "../domain/linear_probe.ts";
import type { HeadsWorker } from "../evaluation/heads_worker.ts";
import { accuracyOf, type LinearHead } from "../evaluation/linear_head.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { AugmentedEmbedder } from "./augmented_embedder.ts";
import type { FrozenEncoder } from "./frozen_encoder.ts";
import type { ProbeData, ProbeFit } from "./probe_data.ts";

type Sgd = NonNullable<LinearProbeConfig["sgd"]>;

/** Random-resized crop and flip, nothing else. */
const cropAndFlip = ({ crop_area, flip }: Sgd): ViewAugmentation => ({
  crop: { area: crop_area, aspect: [3 / 4, 4 / 3] },
  flip,
  jitter: { probability: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0 },
  grayscale: 0,
  blur: { probability: 0, sigma: [0.1, 2] },
  solarize: 0,
});

/** What crops and flips images, and embeds them; all that will be. */
export const openCrops = (
  pipelines: PipelineCache,
  { encoder, reader, preprocessing }: Pick<FrozenEncoder, "encoder" | "reader"> & {
    preprocessing: Preprocessing;
  },
  items: Uint32Array,
  sgd: Sgd,
  seed: number,
): AugmentedEmbedder =>
  new AugmentedEmbedder(pipelines, encoder, reader, items, {
    ...{ preprocessing, augmentation: cropAndFlip(sgd), seed },
  });

/**
 * The paper's linear evaluation (byol.md §B1): in each epoch every image is cropped and flipped by chance and embedded anew
 * by the frozen encoder; a classifier for each rate, all on the same batches; the best on what is held out, without
 * augmentation, of equal ones the first; then that rate once more on all labels. The rate falls along a cosine, as in the
 * released code; the paper does not say how.
 */
export async function trainBySgd(
  frozen: FrozenEncoder,
  thread: HeadsWorker,
  { classes, train, held, embed, progress, labelsOf }: ProbeData,
  sgd: Sgd,
  seed: number,
): Promise<ProbeFit> {
  const { encoder, model: { preprocessing }, reader, run: { pipelines, signal } } = frozen;
  const all = Uint32Array.from([...train, ...held]).sort(), { epochs, batch } = sgd;
  const views = openCrops(pipelines, { encoder, reader, preprocessing }, all, sgd, seed);
  const stepsOf = (items: Uint32Array) => epochs * Math.ceil(items.length / batch);
  /** Heads by rate, after all epochs, and the last one's mean losses. */
  const trainOn = async (items: Uint32Array, rates: readonly number[]) => {
    const peaks = rates.map((rate) => (rate * batch) / 256);
    await thread.ask("begin", {
      ...{
        dim: encoder.dim,
        classes: classes.length,
        rates: peaks,
        steps: stepsOf(items),
        momentum: sgd.momentum,
      },
    });
    let losses: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const order = epochOrder(seed, epoch, items);
      const rows = await views.embed(order, epoch, signal, progress.embedded);
      losses = await thread.ask("epoch", { rows, labels: labelsOf(order), batch });
    }
    return { heads: await thread.ask("heads", null), losses };
  };
  try {
    const { heads, losses } = await trainOn(train, sgd.rates), judged = await embed(held);
    const accuracies = await Promise.all(
      heads.map(async (head: LinearHead) => accuracyOf(await thread.ask("classify", { ...judged, head }))),
    );
    const best = accuracies.indexOf(Math.max(...accuracies)), rate = sgd.rates[best];
    const final = await trainOn(all, [rate]);
    return {
      head: final.heads[0],
      steps: stepsOf(all),
      told: {
        ...{
          rate,
          peak_lr: (rate * batch) / 256,
          epochs,
          batch,
          momentum: sgd.momentum,
          loss: final.losses[0],
        },
        sweep: sgd.rates.map((tried, i) => ({ rate: tried, top1: accuracies[i], loss: losses[i] })),
        chosen_by: "top-1 on what is held out, without augmentation; of equal ones the first rate",
        schedule: "rate * batch / 256, falling to 0 along a cosine, no warm-up; Nesterov, no weight decay",
        augmentation: { crop_area: sgd.crop_area, crop_aspect: [3 / 4, 4 / 3], flip: sgd.flip },
      },
    };
  } finally {
    views.destroy();
  }
}
