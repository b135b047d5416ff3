import { writeCheckpoint } from "../../../src/checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../../../src/checkpoint/model_config.ts";
import type { CheckpointFile, ModelDescription } from "../../../src/domain/checkpoint.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { CheckpointExporter, Layout } from "../../../src/domain/layout.ts";
import type { NamedTensors } from "../../../src/domain/tensor_data.ts";
import { FileCheckpointExporter } from "../../../src/export/exporter.ts";
import { krscToOihw, NetworkLayout } from "../../../src/nn/network.ts";
import { addResNet } from "../../../src/nn/resnet.ts";
import { resnetSpec } from "../../../src/nn/resnet_architecture.ts";
import { hashedNoise, hashedParameter } from "../../oracle/hashed_values.ts";

/** A model to export: its encoder's values are noise, nothing of a norm is 0 or 1, and a head has as many outputs as labels. */
export interface ModelRequest {
  arch: string;
  px?: number;
  labels?: string[];
}
export interface ExportScene {
  /** Where checkpoints lie. */
  directory: string;
  exporter: FileCheckpointExporter;
  /** Keeps a checkpoint of such a model. */
  keep(model: ModelRequest): Promise<{ id: string; files: CheckpointFile[] }>;
}

export async function withExports(check: (scene: ExportScene) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir(), exporter = new FileCheckpointExporter(directory);
  const keep = async (request: ModelRequest) => {
    const id = newId("ckpt"), { labels } = request;
    const contents = { model: tensorsOf(request), config: modelConfig(descriptionOf(request)), labels };
    return { id, files: await writeCheckpoint(directory, id, contents) };
  };
  try {
    await check({ directory, exporter, keep });
  } finally {
    exporter.close();
    await Deno.remove(directory, { recursive: true });
  }
}

export const descriptionOf = ({ arch, px = 32, labels = [] }: ModelRequest): ModelDescription => ({
  ...{ arch, dim: resnetSpec(arch).dim, classes: labels.length },
  preprocessing: { px, channel_mean: [0.485, 0.456, 0.406], channel_std: [0.229, 0.224, 0.225] },
});

const drawn = new Map<string, NamedTensors>();
/** Its tensors, under torchvision's names; drawn once, and not to be changed. */
export function tensorsOf(request: ModelRequest): NamedTensors {
  const key = JSON.stringify([request.arch, request.labels]),
    tensors = drawn.get(key) ?? drawTensors(request);
  drawn.set(key, tensors);
  return tensors;
}

function drawTensors({ arch, labels = [] }: ModelRequest): NamedTensors {
  const SEED = 7, layout = new NetworkLayout(), spec = resnetSpec(arch), model: NamedTensors = new Map();
  addResNet(layout, "", spec);
  for (const { name, shape } of [...layout.parameters.slots, ...layout.statistics.slots]) {
    const own = name.slice(1); // the prefix is empty, its dot is not
    model.set(own, krscToOihw(hashedParameter(SEED, own, shape, 0.5), shape));
    if (own.endsWith("running_var")) {
      model.set(own.replace("running_var", "num_batches_tracked"), { shape: [], data: BigInt64Array.of(9n) });
    }
  }
  if (labels.length > 0) {
    for (
      const [name, shape] of [["fc.weight", [labels.length, spec.dim]], ["fc.bias", [labels.length]]] as const
    ) {
      model.set(name, { shape, data: Float32Array.from(hashedNoise(SEED, name, shape).data) });
    }
  }
  return model;
}

/** All of an exported file. */
export async function exported(
  exporter: CheckpointExporter,
  checkpoint: { id: string; files: CheckpointFile[] },
  layout: Layout,
  name: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const { bytes, open } = await exporter.file(checkpoint, layout, name);
  return await new Response(await open({ start: 0, end: bytes - 1 })).bytes();
}
