import { z } from "zod";
import { Augmentation } from "./augmentation.ts";

const DEPTHS = [18, 34, 50, 101, 152, 200] as const, WIDTHS = ["", "x2", "x3", "x4"] as const;
const STEMS = ["", "-cifar"] as const, CIFAR_DEPTHS = [8, 20, 32, 44, 56] as const;
export type Arch =
  | `cifar_resnet${typeof CIFAR_DEPTHS[number]}`
  | `resnet${typeof DEPTHS[number]}${typeof WIDTHS[number]}${typeof STEMS[number]}`;

/**
 * The encoders that can be trained: He et al.'s CIFAR ResNets (6n + 2 layers, widths 16, 32, 64), and torchvision's
 * ResNets, every channel times a width, with the stem of ImageNet or the one for small images. `nn/resnet_architecture.ts` says
 * what each is made of.
 */
export const ARCHS: readonly Arch[] = [
  ...CIFAR_DEPTHS.map((depth) => `cifar_resnet${depth}` as const),
  ...DEPTHS.flatMap((depth) =>
    WIDTHS.flatMap((width) => STEMS.map((stem) => `resnet${depth}${width}${stem}` as const))
  ),
];

const dimension = z.int().min(1).max(16384);
const Projector = z.strictObject({ hidden: dimension, out: dimension })
  .describe("The projector's hidden and output width; 4096 and 256, less for small encoders, by the preset");
const Predictor = z.strictObject({ hidden: dimension })
  .describe("The predictor's hidden width; the projector's by the preset");

export const OPTIMIZERS = ["lars", "sgd", "adamw"] as const;
export type OptimizerName = typeof OPTIMIZERS[number];
export const OptimizerConfig = z.strictObject({
  name: z.enum(OPTIMIZERS),
  // What suits LARS is a thousand times too much for AdamW, so each has its own default.
  base_lr: z.number().positive().max(100)
    .describe("Learning rate of a batch of 256: it is multiplied by batch / 256"),
  weight_decay: z.number().min(0).max(1).describe("Not of biases and norms"),
  momentum: z.number().min(0).lt(1).describe("Of sgd and lars; 0.9 where it is left out"),
  trust_coefficient: z.number().positive().max(1).describe("Of lars; 0.001 where it is left out"),
  warmup_epochs: z.number().min(0).max(1000)
    .describe("Epochs in which the learning rate rises from 0; then it falls along a cosine"),
});
export type OptimizerConfig = z.infer<typeof OptimizerConfig>;

/** Recipes by name: `jobs/recipe.ts` has their numbers. */
export const PRESETS = ["byol-40", "byol-100", "byol-300", "byol-1000", "small"] as const;
export type Preset = typeof PRESETS[number];

/** Accuracy while training: k-NN with the training split as its bank, and the online probe's. */
export const EvaluateConfig = z.strictObject({
  knn_every_epochs: z.int().min(1).max(100_000).default(10).describe("Epochs between two evaluations"),
  k: z.int().min(1).max(10_000).default(200).describe("Neighbours that vote"),
  temperature: z.number().positive().max(100).default(0.1).describe("A vote weighs exp(cosine / this)"),
  split: z.string().min(1).max(100).default("test").describe("The split whose images are classified"),
});
export type EvaluateConfig = z.infer<typeof EvaluateConfig>;

const everySteps = z.int().positive().max(100_000_000).nullable();
/** The first checkpoint, of step 0, and the last one are always kept. */
export const CheckpointConfig = z.strictObject({
  every_steps: everySteps.default(1000)
    .describe("Steps between two checkpoints; null for the first and the last only"),
  keep_last: z.int().min(1).max(100_000).nullable().default(3)
    .describe("How many of the latest are kept; null for all"),
  keep_every: everySteps.default(null).describe("Those whose step is a multiple of it are kept for good"),
});

const fields = {
  arch: z.enum(ARCHS, {
    error: "must be resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar] or cifar_resnet{8,20,32,44,56}",
  }).describe("The encoder: resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar] or cifar_resnet{8,20,32,44,56}"),
  px: z.int().min(8).max(512)
    .describe("A view's width and height; where it is left out 224, and 32 for encoders of small images"),
  batch: z.int().min(2).max(8192)
    .describe("Images a step; where it is left out 256, and 128 for encoders of small images"),
  micro_batch: z.int().min(2).max(8192).nullable().default(null)
    .describe(
      "Images that go through the networks at once; their gradients are summed over the batch. Divides `batch`; null: the batch",
    ),
  epochs: z.number().positive().max(100_000).optional()
    .describe("How long to train: either epochs or steps, or a preset `byol-…`, which has its own epochs"),
  steps: z.int().positive().max(100_000_000).optional().describe("How long to train, in steps"),
  preset: z.enum(PRESETS).describe(
    "A recipe: what fills every field that is left out. Left out itself, it is chosen by the size of the data",
  ),
  preset_reason: z.string().max(500).describe("Why that preset: the server's words"),
  projector: Projector,
  predictor: Predictor,
  tau: z.number().min(0).max(1)
    .describe("target ← tau·target + (1 - tau)·online, at first; it rises to 1 along a cosine"),
  optimizer: OptimizerConfig,
  augmentation: Augmentation,
  normalization: z.enum(["imagenet", "dataset"]).default("imagenet")
    .describe("Whose channel means and deviations images are normalised by"),
  precision: z.enum(["f32", "mixed"]).default("f32").describe("mixed: activations are stored as f16"),
  seed: z.int().min(0).default(0).describe("Everything random is a function of it"),
  split: z.string().min(1).max(100).default("train").describe("The split that is trained on"),
  checkpoint: CheckpointConfig.prefault({}).describe("Which checkpoints are made and kept"),
  init: z.string().nullable().default(null).describe(
    "A checkpoint whose weights a new run begins with: the encoder's, and the heads' where they are of the same sizes",
  ),
  evaluate: EvaluateConfig.nullable().describe(
    "Accuracy while training, by k-NN and a probe; null for none. Where it is left out: if there are labels to do it by",
  ),
  on_collapse: z.enum(["fail", "warn"]).default("fail")
    .describe("What becomes of a run whose representation has collapsed"),
};

/** More than any rate of AdamW's: what suits LARS would make it diverge (byol.md §E4). */
const MAX_ADAMW_RATE = 0.1;
/** What was sent as a field, whatever else is wrong with the rest. */
const field = (sent: unknown, name: string): unknown => (sent as Record<string, unknown> | null)?.[name];
const isBatch = (sent: unknown): boolean => fields.batch.optional().safeParse(field(sent, "batch")).success;
const OptimizerRequest = OptimizerConfig.partial().refine(
  ({ name, base_lr = 0 }) => name !== "adamw" || base_lr <= MAX_ADAMW_RATE,
  {
    error: `must be at most ${MAX_ADAMW_RATE} with adamw; rates for lars are hundreds of times larger`,
    path: ["base_lr"],
    when: ({ value }) => typeof field(value, "base_lr") === "number",
  },
);

/** The body of a `pretrain` job's `config`, as sent: `jobs/recipe.ts` fills in what is left out. */
export const PretrainRequest = z.strictObject({
  ...fields,
  px: fields.px.optional(),
  batch: fields.batch.optional(),
  preset: fields.preset.optional(),
  preset_reason: fields.preset_reason.optional(),
  projector: Projector.optional(),
  predictor: Predictor.optional(),
  tau: fields.tau.optional(),
  optimizer: OptimizerRequest.optional(),
  augmentation: Augmentation.optional(),
  evaluate: fields.evaluate.optional(),
}).refine((c) => c.epochs === undefined || c.steps === undefined, {
  error: "give either epochs or steps",
  path: ["epochs"],
}).refine((c) => c.epochs !== undefined || c.steps !== undefined || c.preset?.startsWith("byol-"), {
  error: "give epochs or steps, or a preset that has its own: byol-40, byol-100, byol-300 or byol-1000",
  path: ["epochs"],
}).refine(
  ({ micro_batch, batch }) => micro_batch === null || batch === undefined || batch % micro_batch === 0,
  {
    error: "must divide batch",
    path: ["micro_batch"],
    when: ({ value }) => fields.micro_batch.safeParse(field(value, "micro_batch")).success && isBatch(value),
  },
);
export type PretrainRequest = z.infer<typeof PretrainRequest>;

/** A pretrain config with every default filled in: what a job shows, and what would make the same job again. */
export const PretrainConfig = z.strictObject(fields);
export type PretrainConfig = z.infer<typeof PretrainConfig>;

/** A pretrain config after its dataset is known: every number that the run depends on. */
export type ResolvedPretrainConfig = PretrainConfig & {
  steps_per_epoch: number;
  total_steps: number;
  warmup_steps: number;
  /** Peak learning rate: base_lr × batch / 256. */
  peak_lr: number;
  channel_mean: [number, number, number];
  channel_std: [number, number, number];
};
