import type { Dataset } from "../domain/dataset.ts";
import type {
  Arch,
  EvaluateConfig,
  OptimizerConfig,
  OptimizerName,
  Preset,
  PretrainConfig,
  PretrainRequest,
} from "../domain/pretrain.ts";

type Rates = Omit<OptimizerConfig, "name">;
/** The paper's recipes, by their length; LARS throughout (byol.md §A6). */
const PAPER: Record<Exclude<Preset, "small">, { epochs: number; lr: number; decay: number; tau: number }> = {
  "byol-40": { epochs: 40, lr: 0.45, decay: 1e-6, tau: 0.97 },
  "byol-100": { epochs: 100, lr: 0.45, decay: 1e-6, tau: 0.99 },
  "byol-300": { epochs: 300, lr: 0.3, decay: 1e-6, tau: 0.99 },
  "byol-1000": { epochs: 1000, lr: 0.2, decay: 1.5e-6, tau: 0.996 },
};
const PAPER_WARMUP_EPOCHS = 10;

/** Splits from this size on get one of the paper's recipes, which are of 1.28 million images. */
export const LARGE_DATASET = 100_000;
/** The longest run, in epochs, that a recipe of the paper is chosen for: halfway, by ratio, to the next. */
const PAPER_CHOICE: readonly [epochs: number, preset: Exclude<Preset, "small">][] = [
  [63, "byol-40"],
  [173, "byol-100"],
  [548, "byol-300"],
  [Infinity, "byol-1000"],
];

/**
 * The target's decay for a run of so many steps: the shorter the run, the faster the target has to follow (byol.md §E3;
 * 0.97 for 12.5 thousand steps and 0.996 for 313 thousand are the paper's, 0.99 is what small data sets were trained
 * with; 0.95 for runs shorter than any of those is ours).
 */
const SMALL_TAU: readonly [steps: number, tau: number][] = [
  [5_000, 0.95],
  [15_000, 0.97],
  [200_000, 0.99],
  [Infinity, 0.996],
];
/**
 * Each optimiser's own rates on small data. LARS: the official Imagenette run has 2.0 over 37 thousand steps, shorter runs
 * half of it; SGD as in Lightly's CIFAR-10 benchmark; AdamW's rate is that of htdt's Adam, its decay torch's default
 * (byol.md §C2).
 */
const SMALL_RATES: Record<OptimizerName, (steps: number) => Pick<Rates, "base_lr" | "weight_decay">> = {
  lars: (steps) => ({ base_lr: steps < 15_000 ? 1 : 2, weight_decay: 1e-6 }),
  sgd: () => ({ base_lr: 0.12, weight_decay: 5e-4 }),
  adamw: () => ({ base_lr: 1.5e-3, weight_decay: 1e-2 }),
};

/** Whether an encoder is made for small images: it has no stem that halves them twice. */
const forSmallImages = (arch: Arch) => arch.startsWith("cifar_") || arch.endsWith("-cifar");

/**
 * Fills in whatever a pretrain job leaves out: from the preset that it names or, where it names none, from the one that
 * suits the size of its split and the length of the run. What is given stays as it is, and the result, sent again, gives
 * itself.
 */
export function applyRecipe(request: PretrainRequest, dataset: Dataset): PretrainConfig {
  const { arch, split } = request, small = forSmallImages(arch);
  const images = splitOf(dataset, split)?.images ?? 0;
  const px = request.px ?? (small ? 32 : 224), batch = request.batch ?? (small ? 128 : 256);
  const { preset, preset_reason } = choosePreset(request, images);
  const paper = preset === "small" ? undefined : PAPER[preset];
  const epochs = request.epochs ?? (request.steps === undefined ? paper?.epochs : undefined);
  const stepsPerEpoch = Math.max(1, Math.floor(images / batch));
  const totalSteps = request.steps ?? Math.max(1, Math.round((epochs ?? 1) * stepsPerEpoch));
  const name = request.optimizer?.name ?? "lars";
  const rates = paper && name === "lars"
    ? { base_lr: paper.lr, weight_decay: paper.decay }
    : SMALL_RATES[name](totalSteps);
  const runEpochs = totalSteps / stepsPerEpoch;
  return {
    ...request,
    ...{ px, batch, preset, preset_reason, ...(epochs === undefined ? {} : { epochs }) },
    projector: request.projector ?? (paper || !arch.startsWith("cifar_") ? PAPER_HEAD : SMALL_HEAD),
    predictor: request.predictor ??
      { hidden: (paper || !arch.startsWith("cifar_") ? PAPER_HEAD : SMALL_HEAD).hidden },
    tau: request.tau ?? paper?.tau ?? SMALL_TAU.find(([most]) => totalSteps < most)![1],
    optimizer: {
      ...{ name, ...rates, momentum: 0.9, trust_coefficient: 1e-3 },
      warmup_epochs: Math.min(PAPER_WARMUP_EPOCHS, runEpochs / (paper ? 2 : 10)),
      ...request.optimizer,
    },
    augmentation: request.augmentation ?? (paper || px > 64 ? "byol" : "cifar"),
    evaluate: request.evaluate === undefined ? defaultEvaluation(request, dataset) : request.evaluate,
  };
}

/** The paper's heads, and those for encoders of 64 channels. */
const PAPER_HEAD = { hidden: 4096, out: 256 }, SMALL_HEAD = { hidden: 512, out: 128 };

function choosePreset(
  { preset, preset_reason, epochs, steps, batch }: PretrainRequest,
  images: number,
): { preset: Preset; preset_reason: string } {
  if (preset) return { preset, preset_reason: preset_reason ?? "named in the request" };
  const count = `the split has ${images} images`, line = LARGE_DATASET.toLocaleString("en");
  if (images < LARGE_DATASET) return { preset: "small", preset_reason: `${count}, fewer than ${line}` };
  const length = epochs ?? (steps! * (batch ?? 256)) / images;
  const [, chosen] = PAPER_CHOICE.find(([most]) => length <= most)!;
  return {
    preset: chosen,
    preset_reason: `${count}, at least ${line}, and ${+length.toFixed(1)} epochs are nearest to it`,
  };
}

/** Every ten epochs where there are labels to go by: of the training split, and of one that is not trained on. */
function defaultEvaluation({ split }: PretrainRequest, dataset: Dataset): EvaluateConfig | null {
  const labelled = (name: string) => Object.keys(splitOf(dataset, name)?.classes ?? {}).length > 0;
  const queries = ["test", "val", "validation"].find((name) => name !== split && labelled(name));
  if (!queries || !labelled(split)) return null;
  const k = Math.min(200, splitOf(dataset, split)!.images);
  return { knn_every_epochs: 10, k, temperature: 0.1, split: queries };
}

/** A split by its name, which a caller chose. */
export const splitOf = (dataset: Dataset, name: string) =>
  Object.hasOwn(dataset.splits, name) ? dataset.splits[name] : undefined;
