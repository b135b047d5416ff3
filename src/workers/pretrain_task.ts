import { join } from "@std/path";
import { train } from "../byol/train.ts";
import { writeCheckpoint } from "../checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../checkpoint/model_config.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import { newId } from "../domain/ids.ts";
import type { TrainingTask } from "../domain/ports.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Say } from "../ipc/worker_loop.ts";

/** What checkpoints say wrote them. */
const VERSION = "0.1.0";

/**
 * Runs a `pretrain` job: trains, keeping each checkpoint on disk before it is told.
 *
 * @returns The job's result: the last checkpoint's id and the last figures.
 */
export async function runPretrain(
  pipelines: PipelineCache,
  dataDir: string,
  task: TrainingTask,
  config: ResolvedPretrainConfig,
  say: Say,
  signal: AbortSignal,
  memoryBudget: number | undefined,
): Promise<Record<string, unknown>> {
  const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
  let last: string | undefined;
  try {
    const figures = await train(
      pipelines,
      config,
      reader,
      {
        message: (text) => void say({ type: "message", level: "info", text }),
        progress: (progress, metrics) => void say({ type: "progress", progress, metrics }),
        async checkpoint({ step, epoch, metrics, dim, model, trainingState }) {
          const id = newId("ckpt"), { arch, px, channel_mean, channel_std, steps_per_epoch } = config;
          const files = await writeCheckpoint(join(dataDir, "checkpoints"), id, {
            model,
            trainingState,
            config: modelConfig({ arch, dim, preprocessing: { px, channel_mean, channel_std } }),
            state: {
              step,
              config,
              dataset: { id: task.dataset, fingerprint: task.fingerprint },
              rng: { seed: config.seed },
              sampler: { epoch, step_in_epoch: step % steps_per_epoch },
              versions: { latentd: VERSION, format: 1, deno: Deno.version.deno },
            },
          });
          last = id;
          const created_at = new Date().toISOString();
          await say({
            type: "checkpoint",
            checkpoint: { id, object: "checkpoint", job: task.job, step, epoch, metrics, files, created_at },
          });
        },
      },
      signal,
      { memoryBudget },
    );
    return { checkpoint: last, ...figures };
  } finally {
    reader.close();
  }
}
