import { z } from "zod";
import { PretrainConfig } from "../domain/pretrain.ts";

const count = z.int().min(0);
const triple = z.tuple([z.number(), z.number(), z.number()]);

/** `state.json`: what, beside the tensors, a pretrain run needs to go on where the checkpoint was taken. */
export const TrainingStateJson = z.strictObject({
  /** Optimiser steps done. */
  step: count,
  /** The resolved config: every number that the run depends on. */
  config: z.strictObject({
    ...PretrainConfig.shape,
    steps_per_epoch: z.int().positive(),
    total_steps: z.int().positive(),
    warmup_steps: count,
    peak_lr: z.number().positive(),
    channel_mean: triple,
    channel_std: triple,
  }),
  dataset: z.strictObject({ id: z.string(), fingerprint: z.string() }),
  /** Randomness is a pure function of the seed and of where a sample stands; there is no further state. */
  rng: z.strictObject({ seed: count }),
  /** The next batch's place. */
  sampler: z.strictObject({ epoch: count, step_in_epoch: count }),
  versions: z.strictObject({ latentd: z.string(), format: z.literal(1), deno: z.string() }),
});
export type TrainingStateJson = z.infer<typeof TrainingStateJson>;
