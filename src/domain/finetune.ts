import { z } from "zod";
import { ViewAugmentation } from "./augmentation.ts";
import { ARCHS, CheckpointConfig } from "./pretrain.ts";

/** Recipes by name: the paper's semi-supervised ones, of 1 % and of 10 % of the labels; `jobs/finetune_recipe.ts`. */
export const FINETUNE_PRESETS = ["finetune-1pct", "finetune-10pct"] as const;
/** Stages that may be frozen, from the input on: each with those before it. */
export const FREEZABLE = ["stem", "layer1", "layer2", "layer3", "layer4"] as const;

const splitName = z.string().min(1).max(100);
const seed = z.int().min(0).default(0);
const sweep = <T extends z.ZodType>(value: T) => z.array(value).min(1).max(20);

const fields = {
  init: z.string().nullable().describe(
    "The checkpoint whose encoder to begin with; null: none, supervised training from scratch with the same labels",
  ),
  arch: z.enum(ARCHS).describe(
    "The encoder; left out, that of `init`. It must be that of `init`, if there is one",
  ),
  px: z.int().min(8).max(512).describe(
    "An image's width and height; left out, that of `init`, or 224, or 32",
  ),
  preset: z.enum(FINETUNE_PRESETS).nullable().default(null)
    .describe("The paper's recipe for 1 % or 10 % of the labels: it fills whatever is left out"),
  label_fraction: z.number().positive().max(1).optional()
    .describe("The share of each class's images whose labels are used, rounded: this or `labels_per_class`"),
  labels_per_class: z.int().positive().optional().describe("How many labels of each class are used"),
  label_seed: seed.describe("Which ones: a larger share of the same seed has a smaller one's, too"),
  split: splitName.default("train").describe("The split that labels are taken of"),
  validation: z.union([splitName, z.number().positive().lt(1)], {
    error: "must be a split's name, a share of the labels, or null",
  }).nullable().describe(
    "What rates and lengths are chosen on: a split, or a share of the labels (of each class, at least one), 0.2 where " +
      "it is left out; null: nothing is chosen, and there is one rate and one length",
  ),
  refit: z.boolean().describe(
    "Whether the last training, by the rate and length that were best, takes in validation's labels; left out: if they are a share",
  ),
  test_split: splitName.default("test").describe("The split whose images the classifier is judged by"),
  epochs: sweep(z.number().positive().max(100_000)).optional().describe("Lengths to try, in epochs"),
  steps: sweep(z.int().positive().max(100_000_000)).optional().describe("Lengths to try, in steps"),
  batch: z.int().min(2).max(8192)
    .describe("Images a step, at most the labels that are trained on; left out, chosen to be"),
  base_lr: sweep(z.number().positive().max(100))
    .describe("Rates to try, of a batch of 256: each is multiplied by batch / 256"),
  schedule: z.enum(["cosine", "step"]).default("cosine")
    .describe(
      "How the rate falls: along a cosine to 0, or to a tenth at 60 % and again at 80 % of the steps",
    ),
  weight_decay: z.number().min(0).max(1).default(0).describe("Not of biases and norms"),
  momentum: z.number().min(0).lt(1).default(0.9).describe("Nesterov's"),
  stat_decay: z.number().min(0).lt(1).nullable().default(null)
    .describe(
      "BatchNorm's running statistics' weight of the old value; null: max(1 − 10 / steps an epoch, 0.9)",
    ),
  freeze: z.enum(FREEZABLE).nullable().default(null).describe(
    "The encoder up to this stage stays as it is, and normalises by its running statistics",
  ),
  augmentation: z.union([z.enum(["crop-flip", "none"]), ViewAugmentation], {
    error: "must be crop-flip, none, or a view's distribution",
  }).default("crop-flip").describe(
    "Of training: random-resized crop and flip, none, or a distribution in full",
  ),
  seed: seed.describe("Everything random but the choice of labels is a function of it"),
  checkpoint: CheckpointConfig.prefault({}).describe("Which checkpoints are made and kept"),
};

/** The body of a `finetune` job's `config`, as sent: `jobs/finetune_recipe.ts` fills in what is left out. */
export const FinetuneRequest = z.strictObject({
  ...fields,
  arch: fields.arch.optional(),
  px: fields.px.optional(),
  validation: fields.validation.optional(),
  refit: fields.refit.optional(),
  batch: fields.batch.optional(),
  base_lr: fields.base_lr.optional(),
}).refine((c) => c.epochs === undefined || c.steps === undefined, {
  error: "give either epochs or steps",
  path: ["epochs"],
}).refine((c) => c.label_fraction === undefined || c.labels_per_class === undefined, {
  error: "give either label_fraction or labels_per_class",
  path: ["label_fraction"],
}).refine((c) => c.label_fraction !== undefined || c.labels_per_class !== undefined || c.preset !== null, {
  error: "give label_fraction or labels_per_class, or a preset that has its own",
  path: ["label_fraction"],
}).refine((c) => c.init !== null || c.arch !== undefined, {
  error: "give arch, where there is no init to take it from",
  path: ["arch"],
});
export type FinetuneRequest = z.infer<typeof FinetuneRequest>;

/** A finetune config with every default filled in: what a job shows, and what would make the same job again. */
export const FinetuneConfig = z.strictObject(fields);
export type FinetuneConfig = z.infer<typeof FinetuneConfig>;

type LabelFields = Pick<FinetuneConfig, "label_fraction" | "labels_per_class" | "validation">;
/** How many labels of a class that has so many images are trained on, and how many of them are held out. */
export function labelCounts(
  { label_fraction = 0, labels_per_class, validation }: LabelFields,
  images: number,
): { train: number; validation: number } {
  const labels = labels_per_class ?? Math.round(label_fraction * images);
  const held = typeof validation === "number" ? Math.max(1, Math.round(validation * labels)) : 0;
  return { train: labels - held, validation: held };
}
