import { z } from "zod";

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
const Head = z.strictObject({ hidden: dimension });

export const OptimizerConfig = z.strictObject({
  name: z.enum(["lars", "sgd", "adamw"]),
  /** Multiplied by batch / 256. What suits LARS is a thousand times too much for AdamW, so there is no default. */
  base_lr: z.number().positive().max(100),
  weight_decay: z.number().min(0).max(1).default(1e-6),
  /** Of sgd and lars. */
  momentum: z.number().min(0).lt(1).default(0.9),
  /** Of lars. */
  trust_coefficient: z.number().positive().max(1).default(1e-3),
  warmup_epochs: z.number().min(0).max(1000).default(0),
});

/** `byol/augment.ts` says what each is; `none` gives the model what inference would see, twice. */
export const AUGMENTATIONS = ["byol", "byol-symmetric", "cifar", "grayscale", "none"] as const;

/** The body of a `pretrain` job's `config`, as sent. */
export const PretrainConfig = z.strictObject({
  arch: z.enum(ARCHS, {
    error: "must be resnet{18,34,50,101,152,200}[x2|x3|x4][-cifar] or cifar_resnet{8,20,32,44,56}",
  }),
  px: z.int().min(8).max(512).default(32),
  batch: z.int().min(2).max(8192).default(128),
  epochs: z.number().positive().max(100_000).optional(),
  steps: z.int().positive().max(100_000_000).optional(),
  projector: z.strictObject({ hidden: dimension, out: dimension }).default({ hidden: 512, out: 128 }),
  predictor: Head.default({ hidden: 512 }),
  tau: z.number().min(0).max(1).default(0.99),
  optimizer: OptimizerConfig.default({
    name: "lars",
    base_lr: 1.0,
    weight_decay: 1e-6,
    momentum: 0.9,
    trust_coefficient: 1e-3,
    warmup_epochs: 0,
  }),
  augmentation: z.enum(AUGMENTATIONS).default("cifar"),
  normalization: z.enum(["imagenet", "dataset"]).default("imagenet"),
  precision: z.enum(["f32", "mixed"]).default("f32"),
  seed: z.int().min(0).default(0),
  split: z.string().min(1).max(100).default("train"),
  checkpoint: z.strictObject({ every_steps: z.int().positive().nullable().default(null) }).default({
    every_steps: null,
  }),
}).refine((c) => (c.epochs === undefined) !== (c.steps === undefined), {
  error: "give either epochs or steps",
  path: ["epochs"],
});
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
