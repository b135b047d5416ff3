import { join } from "@std/path";
import { type ByolState, openByolState } from "../byol/state.ts";
import { fitOf, type OpenEvaluation, train, type TrainOptions } from "../byol/train.ts";
import type { TrainedState, TrainHooks } from "../byol/training_loop.ts";
import { BackgroundWriter } from "../checkpoint/background_writer.ts";
import { readCheckpoint } from "../checkpoint/checkpoint_reader.ts";
import { modelConfig } from "../checkpoint/model_config.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import { Loader } from "../data/loader.ts";
import { DomainError } from "../domain/errors.ts";
import { newId } from "../domain/ids.ts";
import { JobStopped } from "../domain/job.ts";
import type { TrainingTask } from "../domain/ports.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import { VERSION } from "../domain/version.ts";
import { RankMeWorker } from "../evaluation/rankme_worker.ts";
import { OnlineEvaluation } from "./online_evaluation.ts";
import type { Fit } from "../training/fit.ts";
import type { Planning, Run } from "./run.ts";

/**
 * Runs a `pretrain` job, from the newest of its checkpoints that is whole or from the start: trains, keeping each checkpoint
 * on disk before it is told.
 *
 * @returns The job's result: the last checkpoint's id and the last figures.
 * @throws {DomainError} As `train`; `not_found` or `conflict`, if the checkpoint to begin with is not there or damaged.
 */
export async function runPretrain(
  config: ResolvedPretrainConfig,
  { pipelines, dataDir, task, say, signal, memoryBudget, planned }: Run,
): Promise<Record<string, unknown>> {
  const checkpoints = join(dataDir, "checkpoints"),
    writer = new BackgroundWriter(),
    rankMe = new RankMeWorker();
  const message: TrainHooks["message"] = (level, text) => void say({ type: "message", level, text });
  const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
  const evaluations: Record<string, number> = {};
  let last: string | undefined;
  const checkpoint = async ({ step, epoch, metrics, dim, model, trainingState }: TrainedState) => {
    const id = newId("ckpt"), { arch, px, channel_mean, channel_std, steps_per_epoch } = config;
    const files = await writer.write(checkpoints, id, {
      model,
      trainingState,
      config: modelConfig({ arch, dim, classes: 0, preprocessing: { px, channel_mean, channel_std } }),
      state: {
        step,
        config,
        dataset: { id: task.dataset, fingerprint: task.fingerprint },
        rng: { seed: config.seed },
        sampler: { epoch, step_in_epoch: step % steps_per_epoch },
        versions: { latentd: VERSION, format: 1, deno: Deno.version.deno },
      },
    });
    const created_at = new Date().toISOString();
    await say({
      type: "checkpoint",
      checkpoint: {
        ...{ id, object: "checkpoint", job: task.job, arch, px },
        ...{ step, epoch, metrics, files, created_at },
      },
    });
    return last = id;
  };
  const openEvaluation = (state: ByolState): OpenEvaluation => {
    const { online, spec } = state, evaluate = config.evaluate!, values = state.probe?.values;
    const probe = values && { weight: values.view("weight"), bias: values.view("bias") };
    const evaluation = OnlineEvaluation.open(pipelines, {
      ...{ reader, config: { ...config, evaluate }, online, spec },
    });
    return {
      everyEpochs: evaluate.knn_every_epochs,
      bytes: evaluation.bytes,
      prepare: () => evaluation.prepare(),
      async run(signal) {
        const { metrics, text } = await evaluation.run(signal, probe);
        Object.assign(evaluations, metrics);
        return { metrics, text };
      },
      destroy: () => evaluation.destroy(),
    };
  };
  try {
    const options: TrainOptions = {
      memoryBudget,
      openEvaluation: config.evaluate ? openEvaluation : undefined,
      keepsStateOf: (reason) => reason instanceof JobStopped && reason.reason !== "cancel",
      ...await findStart(checkpoints, task, config, message),
    };
    last = options.resume?.checkpoint;
    const figures = await train(
      pipelines,
      config,
      reader,
      {
        message,
        planned,
        progress: (progress, metrics) => void say({ type: "progress", progress, metrics }),
        checkpoint,
        rankMe: (embeddings, dim) => rankMe.compute(embeddings, dim),
      },
      signal,
      options,
    );
    return { checkpoint: last, ...figures, ...protocolOf(config, evaluations) };
  } finally {
    writer.close();
    rankMe.close();
    reader.close();
  }
}

/** What such a job takes of the GPU, and the largest batch that it may have else; weights to begin with change nothing of that. @throws {DomainError} As `train`. */
export function planPretrain(
  config: ResolvedPretrainConfig,
  { pipelines, reader, memoryBudget }: Planning,
): { fit: Fit; most: number } {
  const { split, batch, seed, evaluate, micro_batch } = config,
    loader = new Loader({ reader, split, batch, seed });
  const state = openByolState(pipelines, config, { classes: loader.classes }), { online, spec } = state;
  const options = evaluate && { reader, config: { ...config, evaluate }, online, spec };
  const evaluationBytes = options ? OnlineEvaluation.open(pipelines, options).bytes : 0;
  const fit = fitOf(pipelines, config, loader, state, { evaluationBytes, memoryBudget });
  return { fit, most: micro_batch === null ? loader.images : batch };
}

/** What the run begins with: a state to go on from, or weights, or nothing. */
async function findStart(
  checkpoints: string,
  { resume, lastGood, dataset, fingerprint }: TrainingTask,
  config: ResolvedPretrainConfig,
  message: TrainHooks["message"],
): Promise<Pick<TrainOptions, "resume" | "init">> {
  for (const checkpoint of resume) {
    try {
      const { state, trainingState } = await readCheckpoint(checkpoints, checkpoint);
      if (state.dataset.fingerprint !== fingerprint) {
        throw new DomainError("conflict", `Cannot go on from ${checkpoint}: ${dataset} has changed since`, {
          type: "dataset_changed",
        });
      }
      return { resume: { checkpoint, step: state.step, trainingState, lastGood } };
    } catch (error) {
      if (!(error instanceof DomainError) || error.options.type === "dataset_changed") throw error;
      message("error", `${error.message}; trying an earlier one`);
    }
  }
  if (config.init === null) return {};
  const { trainingState } = await readCheckpoint(checkpoints, config.init);
  return { init: trainingState };
}

/** The last evaluation's numbers, with what they depend on. */
function protocolOf(
  { evaluate, split }: ResolvedPretrainConfig,
  { knn_top1, probe_top1 }: Record<string, number>,
): Record<string, unknown> {
  if (!evaluate || knn_top1 === undefined) return {};
  const { k, temperature, split: query_split } = evaluate;
  return {
    knn: { top1: knn_top1, k, temperature, distance: "cosine", bank_split: split, query_split },
    ...(probe_top1 === undefined
      ? {}
      : { probe: { top1: probe_top1, split: query_split, protocol: "online" } }),
  };
}
