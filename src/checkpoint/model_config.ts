import { z } from "zod";
import type { ModelDescription } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";

const triple = z.tuple([z.number(), z.number(), z.number()]);
const positive = z.number().positive();
const size = z.int().positive();
/** `config.json` as timm lays it out; what latentd does not read may stand there too. */
const ModelConfig = z.looseObject({
  architecture: z.string().min(1),
  num_classes: z.int().min(0),
  num_features: size,
  global_pool: z.literal("avg"),
  pretrained_cfg: z.looseObject({
    input_size: z.tuple([z.literal(3), size, size]).refine(([, height, width]) => height === width, {
      error: "height and width must be equal",
    }),
    mean: triple,
    std: z.tuple([positive, positive, positive]),
    interpolation: z.literal("bicubic"),
    crop_pct: positive,
  }),
});
export type ModelConfig = z.infer<typeof ModelConfig>;

/** A model's `config.json`. Images from 64 px on are resized to 256/224 of `px` before the centre is cut out. */
export function modelConfig({ arch, dim, classes, preprocessing }: ModelDescription): ModelConfig {
  const { px, channel_mean, channel_std } = preprocessing;
  return {
    architecture: arch,
    num_classes: classes,
    num_features: dim,
    global_pool: "avg",
    pretrained_cfg: {
      input_size: [3, px, px],
      fixed_input_size: false,
      interpolation: "bicubic",
      crop_pct: px >= 64 ? 0.875 : 1,
      crop_mode: "center",
      mean: channel_mean,
      std: channel_std,
      num_classes: classes,
      pool_size: null,
      first_conv: "conv1",
      classifier: "fc",
      license: null,
    },
  };
}

/**
 * What a parsed `config.json` says of its model.
 *
 * @throws {DomainError} `malformed`, listing every failure, if it is not laid out as timm's, or asks for a crop that
 *   latentd does not make.
 */
export function readModelConfig(json: unknown): ModelDescription {
  const parsed = ModelConfig.safeParse(json);
  if (!parsed.success) {
    const errors = fieldErrors(parsed.error);
    throw new DomainError(
      "malformed",
      `Cannot read config.json: ${errors[0].pointer} is wrong (${errors[0].detail})`,
      { errors },
    );
  }
  const {
    architecture,
    num_classes,
    num_features,
    pretrained_cfg: { input_size: [, px], mean, std, crop_pct },
  } = parsed.data;
  const description: ModelDescription = {
    arch: architecture,
    dim: num_features,
    classes: num_classes,
    preprocessing: { px, channel_mean: mean, channel_std: std },
  };
  const expected = modelConfig(description).pretrained_cfg.crop_pct;
  if (crop_pct !== expected) {
    throw new DomainError(
      "malformed",
      `Cannot read config.json: crop_pct must be ${expected} at ${px} px, got ${crop_pct}`,
    );
  }
  return description;
}
