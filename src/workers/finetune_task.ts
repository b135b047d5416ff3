import { join } from "@std/path";
import { BackgroundWriter } from "../checkpoint/background_writer.ts";
import { readCheckpoint, readModel } from "../checkpoint/checkpoint_reader.ts";
import { FinetuneStateJson } from "../checkpoint/finetune_state.ts";
import { modelConfig } from "../checkpoint/model_config.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import { Loader } from "../data/loader.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import type { FinetuneConfig } from "../domain/finetune.ts";
import { newId } from "../domain/ids.ts";
import { JobStopped } from "../domain/job.ts";
import type { TrainingTask } from "../domain/ports.ts";
import { VERSION } from "../domain/version.ts";
import { writeResults } from "../results/result_files.ts";
import {
  finetune,
  type FinetuneHooks,
  type FinetuneOptions,
  type FinetuneResult,
} from "../supervised/finetune.ts";
import type { TrainedClassifier } from "../supervised/keeper.ts";
import { chooseLabels, type LabelChoice } from "../supervised/labels.ts";
import { trialFit } from "../supervised/open_trial.ts";
import { ClassifierState } from "../supervised/state.ts";
import { finalItems } from "../supervised/trials.ts";
import type { Fit } from "../training/fit.ts";
import { ClassifierJudge } from "./classifier_judge.ts";
import type { Planning, Run } from "./run.ts";

type Normalization = Pick<Preprocessing, "channel_mean" | "channel_std">;

/** What images are normalised by from scratch: ImageNet's means and deviations. */
const IMAGENET = {
  channel_mean: [0.485, 0.456, 0.406],
  channel_std: [0.229, 0.224, 0.225],
} as const satisfies Partial<
  Preprocessing
>;

/**
 * Runs a `finetune` job, from the newest of its checkpoints that is whole or from the start: trains, keeping each
 * checkpoint on disk before it is told.
 *
 * @returns The job's result: the last checkpoint's id, the test split's scores, every trial, the protocol, and
 *   `files`: labels.jsonl, the images whose labels were used.
 * @throws {DomainError} As `finetune`; `not_found` or `conflict`, if the checkpoint to begin with is not there or damaged.
 */
export async function runFinetune(
  config: FinetuneConfig,
  { pipelines, dataDir, task, say, signal, memoryBudget, planned }: Run,
): Promise<Record<string, unknown>> {
  const checkpoints = join(dataDir, "checkpoints"), writer = new BackgroundWriter();
  const message: FinetuneHooks["message"] = (level, text) => void say({ type: "message", level, text });
  const reader = DatasetReader.open(join(dataDir, "datasets", task.dataset));
  try {
    const start = await findStart(checkpoints, task, config, message);
    const { channel_mean, channel_std, resume } = start, { arch, px } = config;
    const preprocessing = { px, channel_mean, channel_std };
    let last = resume?.checkpoint;
    const checkpoint = async (kept: TrainedClassifier, labels: LabelChoice) => {
      const id = newId("ckpt"), { step, epoch, metrics, dim, position, model, trainingState } = kept;
      const files = await writer.write(checkpoints, id, {
        ...{ model, trainingState, labels: labels.classes },
        config: modelConfig({ arch, dim, classes: labels.classes.length, preprocessing }),
        state: {
          ...{ step, config, position },
          dataset: { id: task.dataset, fingerprint: task.fingerprint },
          rng: { seed: config.seed, label_seed: config.label_seed },
          labels: { train: [...labels.train], validation: [...labels.validation] },
          versions: { latentd: VERSION, format: 1, deno: Deno.version.deno },
        } satisfies FinetuneStateJson,
      });
      const created_at = new Date().toISOString();
      await say({
        type: "checkpoint",
        checkpoint: {
          ...{ id, object: "checkpoint", job: task.job, arch, px },
          ...{ step, epoch, metrics, files, created_at },
        },
      });
      last = id;
    };
    const result = await finetune(
      pipelines,
      config,
      reader,
      {
        ...{ message, planned, checkpoint },
        progress: (progress, metrics) => void say({ type: "progress", progress, metrics }),
        openJudge: (state, images) =>
          new ClassifierJudge(pipelines, reader, state, { preprocessing, images, splits: splitsOf(config) }),
      },
      signal,
      {
        ...{ memoryBudget, ...start },
        keepsStateOf: (reason) => reason instanceof JobStopped && reason.reason !== "cancel",
      },
    );
    const files = await writeResults(join(dataDir, "results"), task.job, {
      "labels.jsonl": describeLabels(reader, result.labels),
    });
    return { checkpoint: last, ...resultOf(config, result), files };
  } finally {
    writer.close();
    reader.close();
  }
}

/**
 * What such a job takes of the GPU, at the most: the final training's images are all that are trained on. And the largest
 * batch that it may have else.
 *
 * @throws {DomainError} As `finetune`.
 */
export function planFinetune(
  config: FinetuneConfig,
  { pipelines, reader, memoryBudget }: Planning,
): { fit: Fit; most: number } {
  const labels = chooseLabels(reader, config), { split, batch, seed, px } = config;
  const state = new ClassifierState(pipelines.device, config, labels.classes.length);
  const judge = new ClassifierJudge(pipelines, reader, state, {
    ...{ preprocessing: { px, ...copyOf(IMAGENET) }, images: batch, splits: splitsOf(config) },
  });
  const loader = new Loader({ reader, split, batch, seed, items: finalItems(config, labels) });
  const options = { ...copyOf(IMAGENET), memoryBudget };
  return {
    fit: trialFit(pipelines, config, loader, { state, judge, options }),
    most: labels.train.length,
  };
}

/** What the run begins with: a state to go on from, or an encoder, or nothing. */
async function findStart(
  checkpoints: string,
  { resume, dataset, fingerprint }: TrainingTask,
  { init, px }: FinetuneConfig,
  message: FinetuneHooks["message"],
): Promise<Pick<FinetuneOptions, "resume" | "init" | "channel_mean" | "channel_std">> {
  const begun = init === null ? undefined : await readModel(checkpoints, init);
  const encoder = begun && { init: begun.tensors };
  if (begun && begun.config.preprocessing.px !== px) {
    message("info", `${init} is of ${begun.config.preprocessing.px} px; images are resized to ${px} px`);
  }
  for (const checkpoint of resume) {
    try {
      const { state, trainingState, config } = await readCheckpoint(
        checkpoints,
        checkpoint,
        FinetuneStateJson,
      );
      if (state.dataset.fingerprint !== fingerprint) {
        throw new DomainError("conflict", `Cannot go on from ${checkpoint}: ${dataset} has changed since`, {
          type: "dataset_changed",
        });
      }
      const { step, position } = state, { channel_mean, channel_std } = config.preprocessing;
      return { ...encoder, channel_mean, channel_std, resume: { checkpoint, step, position, trainingState } };
    } catch (error) {
      if (!(error instanceof DomainError) || error.options.type === "dataset_changed") throw error;
      message("error", `${error.message}; trying an earlier one`);
    }
  }
  return { ...encoder, ...copyOf(begun?.config.preprocessing ?? IMAGENET) };
}

function copyOf({ channel_mean: [r, g, b], channel_std: [dr, dg, db] }: Readonly<Normalization>) {
  return { channel_mean: [r, g, b], channel_std: [dr, dg, db] } satisfies Normalization as Normalization;
}

/** What images come from that are trained on, or judged. */
const splitsOf = ({ split, test_split, validation }: FinetuneConfig): string[] => [
  ...[split, test_split],
  ...(typeof validation === "string" ? [validation] : []),
];

/** The images whose labels were used, a line each: those that are trained on, then those that rates are chosen by. */
function describeLabels(reader: DatasetReader, { train, validation }: LabelChoice): string {
  const lines = ([["train", train], ["validation", validation]] as const).flatMap(([use, items]) =>
    Array.from(items, (n) => {
      const { path, class: name } = reader.entry(n);
      return JSON.stringify({ n, path, class: name, use });
    })
  );
  return lines.map((line) => `${line}\n`).join("");
}

/** The scores, and all that they depend on: numbers of other protocols do not compare. */
function resultOf(
  config: FinetuneConfig,
  { figures, scores: { per_class, images, ...scores }, labels, trials, chosen }: FinetuneResult,
): Record<string, unknown> {
  const { init, split, test_split, validation, refit, label_seed, seed, freeze, px } = config;
  const named = labels.classes.map((name, i) => [name, per_class[i]]);
  return {
    ...scores,
    per_class: Object.fromEntries(named),
    ...{ ...figures, test_split, test_images: images },
    protocol: {
      ...{ init, split, px, freeze, seed, label_seed, classes: labels.classes.length },
      ...{ labels: chosen.items.length, validation, validation_images: labels.validation.length, refit },
      chosen: {
        base_lr: chosen.base_lr,
        steps: chosen.steps,
        batch: chosen.batch,
        stat_decay: chosen.statDecay,
      },
    },
    trials,
  };
}
