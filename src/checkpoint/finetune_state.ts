import { z } from "zod";
import { FinetuneConfig } from "../domain/finetune.ts";

const count = z.int().min(0);

/** `state.json` of a finetune job's checkpoint: what, beside the tensors, the run needs to go on where it was taken. */
export const FinetuneStateJson = z.strictObject({
  /** Steps of all trials done. */
  step: count,
  /** The config with every default filled in. */
  config: FinetuneConfig,
  dataset: z.strictObject({ id: z.string(), fingerprint: z.string() }),
  /** Randomness is a pure function of the seeds and of where a sample stands; there is no further state. */
  rng: z.strictObject({ seed: count, label_seed: count }),
  /** Which trial, from 0, and its own steps done; trials before it, and what they came to. */
  position: z.strictObject({
    trial: count,
    step: count,
    results: z.array(z.strictObject({
      base_lr: z.number(),
      epochs: z.number().optional(),
      steps: z.int(),
      validation_top1: z.number().nullable(),
    })),
  }),
  /** The images whose labels are used, by number. */
  labels: z.strictObject({ train: z.array(count), validation: z.array(count) }),
  versions: z.strictObject({ latentd: z.string(), format: z.literal(1), deno: z.string() }),
});
export type FinetuneStateJson = z.infer<typeof FinetuneStateJson>;
