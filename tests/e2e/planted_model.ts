import { writeCheckpoint } from "../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../src/checkpoint/model_config.ts";
import { newId } from "../../src/domain/ids.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import { krscToOihw, NetworkLayout } from "../../src/nn/network.ts";
import { addResNet } from "../../src/nn/resnet.ts";
import { resnetSpec } from "../../src/nn/resnet_architecture.ts";
import { openSqliteStore } from "../../src/store/sqlite_store.ts";
import { hashedParameter } from "../oracle/hashed_values.ts";

/** ImageNet's, as torchvision has them. */
const PREPROCESSING = {
  channel_mean: [0.485, 0.456, 0.406] as [number, number, number],
  channel_std: [0.229, 0.224, 0.225] as [number, number, number],
};

/**
 * Lists a model with random weights, which are the same each time, in a data directory that no server has open.
 *
 * @returns The checkpoint's id.
 */
export async function plantModel(dataDir: string, arch: string, px: number): Promise<string> {
  const layout = new NetworkLayout(), model: NamedTensors = new Map(), spec = resnetSpec(arch);
  addResNet(layout, "", spec);
  for (const { name, shape } of [...layout.parameters.slots, ...layout.statistics.slots]) {
    const own = name.slice(1); // the prefix is empty, its dot is not
    model.set(own, krscToOihw(hashedParameter(1, own, shape, 0), shape));
  }
  const id = newId("ckpt"), preprocessing = { px, ...PREPROCESSING };
  const config = modelConfig({ arch, dim: spec.dim, classes: 0, preprocessing });
  const files = await writeCheckpoint(`${dataDir}/checkpoints`, id, { model, config });
  const store = openSqliteStore(`${dataDir}/latentd.sqlite`);
  try {
    store.createCheckpoint({
      ...{ id, object: "checkpoint", job: null, arch, px, step: 0, epoch: 0, metrics: {}, files },
      created_at: new Date().toISOString(),
    });
  } finally {
    store.close();
  }
  return id;
}
