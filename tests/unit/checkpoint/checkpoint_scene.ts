import type { CheckpointContents } from "../../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../../src/checkpoint/model_config.ts";
import { aPretrainConfig } from "../../contract/pretrain_config.ts";

export const DESCRIPTION = {
  arch: "cifar_resnet8",
  dim: 64,
  classes: 0,
  preprocessing: {
    px: 32,
    channel_mean: [0.485, 0.456, 0.406] as [number, number, number],
    channel_std: [0.229, 0.224, 0.225] as [number, number, number],
  },
};
/** A checkpoint of a few numbers. */
export const CONTENTS: CheckpointContents = {
  model: new Map([
    ["conv1.weight", { shape: [1, 1, 1, 2], data: Float32Array.of(0.1, -0.2) }],
    ["bn1.num_batches_tracked", { shape: [], data: BigInt64Array.of(14n) }],
  ]),
  trainingState: new Map([["online.encoder.conv1.weight", { shape: [2], data: Float32Array.of(0.1, -0.2) }]]),
  state: {
    step: 7,
    config: {
      ...aPretrainConfig({ arch: "cifar_resnet8", steps: 20, batch: 8 }, 40),
      channel_mean: DESCRIPTION.preprocessing.channel_mean,
      channel_std: DESCRIPTION.preprocessing.channel_std,
    },
    dataset: { id: "ds_01ARZ3NDEKTSV4RRFFQ69G5FAV", fingerprint: `sha256:${"0".repeat(64)}` },
    rng: { seed: 0 },
    sampler: { epoch: 1, step_in_epoch: 2 },
    versions: { latentd: "0.1.0", format: 1, deno: "2.9.6" },
  },
  config: modelConfig(DESCRIPTION),
};
/** A classifier of a few numbers. */
export const CLASSIFIER: CheckpointContents = {
  model: new Map([["fc.bias", { shape: [2], data: Float32Array.of(0.5, -0.5) }]]),
  config: modelConfig({ ...DESCRIPTION, classes: 2 }),
  labels: ["cat", "dog"],
};
