import type { Checkpoint } from "../domain/checkpoint.ts";
import type { Dataset } from "../domain/dataset.ts";
import { type FinetuneConfig, type FinetuneRequest, labelCounts } from "../domain/finetune.ts";
import type { Arch } from "../domain/pretrain.ts";
import { splitOf } from "./recipe.ts";

/**
 * The paper's sweep (byol.md §B1, semi-supervised): Nesterov SGD, batch 1024, no decay. Its rates are taken as of a batch
 * of 256, like those of its linear evaluation and of the ports.
 */
const PAPER = { base_lr: [0.005, 0.01, 0.02, 0.05, 0.1], epochs: [30, 50], batch: 1024 };
/**
 * Fewer labels than the paper's 1 % make so few steps of so large a batch that nothing is learnt: as many steps as its
 * 1 % makes in 30 epochs, of a small batch, whose rates are what small data sets are trained with. Ours.
 */
const SMALL = { base_lr: [0.05, 0.2, 0.8], steps: [400], batch: 64 };
const PAPERS_LEAST_LABELS = 10_000;
const FRACTIONS = { "finetune-1pct": 0.01, "finetune-10pct": 0.1 } as const;

const forSmallImages = (arch: Arch) => arch.startsWith("cifar_") || arch.endsWith("-cifar");

/** How many labels a config has trained on, and held out, of all classes that the split has. */
export function countLabels(
  config: Parameters<typeof labelCounts>[0] & { split: string },
  dataset: Dataset,
): { train: number; validation: number } {
  const counts = Object.values(splitOf(dataset, config.split)?.classes ?? {})
    .map((images) => labelCounts(config, images));
  const sum = (of: "train" | "validation") => counts.reduce((total, count) => total + count[of], 0);
  return { train: sum("train"), validation: sum("validation") };
}

/**
 * Fills in whatever a finetune job leaves out: from its preset, from the checkpoint that it begins with, and by how many
 * labels there are. What is given stays as it is, and the result, sent again, gives itself.
 */
export function applyFinetuneRecipe(
  request: FinetuneRequest,
  dataset: Dataset,
  init: Pick<Checkpoint, "arch" | "px"> | undefined,
): FinetuneConfig {
  const { preset, labels_per_class } = request;
  const label_fraction = request.label_fraction ??
    (preset !== null && labels_per_class === undefined ? FRACTIONS[preset] : undefined);
  const arch = request.arch ?? init!.arch as Arch;
  const sized = { ...request, label_fraction };
  const all = countLabels({ ...sized, validation: null }, dataset).train;
  const recipe = preset === null && all < PAPERS_LEAST_LABELS ? SMALL : PAPER;
  const base_lr = request.base_lr ?? recipe.base_lr;
  const length = request.epochs || request.steps
    ? {}
    : recipe === SMALL
    ? { steps: SMALL.steps }
    : { epochs: PAPER.epochs };
  const lengths = request.epochs ?? request.steps ?? Object.values(length)[0]!;
  const candidates = base_lr.length * lengths.length;
  const validation = request.validation === undefined ? candidates === 1 ? null : 0.2 : request.validation;
  const { train } = countLabels({ ...sized, validation }, dataset);
  return {
    ...request,
    ...{ arch, px: request.px ?? init?.px ?? (forSmallImages(arch) ? 32 : 224) },
    ...(label_fraction === undefined ? {} : { label_fraction }),
    ...{ validation, refit: request.refit ?? typeof validation === "number" },
    ...{ base_lr, ...length, batch: request.batch ?? Math.max(2, Math.min(recipe.batch, train)) },
  };
}
