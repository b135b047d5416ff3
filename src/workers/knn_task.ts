import { join } from "@std/path";
import { readModel } from "../checkpoint/checkpoint_reader.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import type { KnnConfig } from "../domain/knn.ts";
import { knnAccuracyOnGpu } from "../evaluation/gpu_knn.ts";
import { Encoder } from "../inference/encoder.ts";
import { Preprocessor } from "../inference/preprocess.ts";
import { embedItems } from "./embed_items.ts";
import type { Run } from "./run.ts";

/**
 * Runs a `knn` job: embeds both splits with the checkpoint's frozen encoder, without augmentation, and classifies.
 *
 * @returns The job's result: `top1` (0 … 1) with the protocol that it depends on.
 * @throws {DomainError} `not_found` or `conflict` for the checkpoint; `invalid` if a split lacks labels.
 */
export async function runKnn(
  config: KnnConfig,
  { pipelines, dataDir, task, say, signal }: Run,
): Promise<Record<string, unknown>> {
  const { tensors, config: model } = await readModel(join(dataDir, "checkpoints"), config.checkpoint);
  const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
  const encoder = new Encoder(pipelines, model.arch, model.preprocessing.px, tensors);
  const preprocessor = new Preprocessor(pipelines, model.preprocessing);
  try {
    const bankItems = reader.items(config.bank_split), queryItems = reader.items(config.query_split);
    const total = bankItems.length + queryItems.length, start = performance.now();
    let done = 0;
    const embedSplit = (items: Uint32Array) =>
      embedItems(encoder, preprocessor, reader, items, signal, (count) => {
        done += count;
        const rate = (1000 * done) / (performance.now() - start);
        const progress = {
          step: done,
          total_steps: total,
          epoch: 0,
          images_per_s: rate,
          eta_s: (total - done) / rate,
        };
        say({ type: "progress", progress, metrics: {} });
      });
    const bank = await embedSplit(bankItems), queries = await embedSplit(queryItems);
    return {
      top1: await knnAccuracyOnGpu(pipelines, bank, queries, encoder.dim, config, signal),
      ...{ checkpoint: config.checkpoint, k: config.k, temperature: config.temperature },
      ...{ bank: bankItems.length, bank_split: config.bank_split },
      ...{ queries: queryItems.length, query_split: config.query_split },
    };
  } finally {
    encoder.destroy();
    preprocessor.destroy();
    reader.close();
  }
}
