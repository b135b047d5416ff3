import type { DatasetReader } from "../data/dataset_reader.ts";
import type { FinetuneConfig } from "../domain/finetune.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Judge, Scores } from "./judge.ts";
import { Keeper, type Position, type TrainedClassifier } from "./keeper.ts";
import { chooseLabels, type LabelChoice, labelled, outputsOf } from "./labels.ts";
import { openTrial } from "./open_trial.ts";
import { ClassifierState } from "./state.ts";
import { type LoopHooks, TrialLoop } from "./trial_loop.ts";
import { diverged, Sweep, type Trial, type TrialResult } from "./trials.ts";

export interface FinetuneHooks extends LoopHooks {
  /** Bytes of the GPU's memory that the run was worked out to take. */
  planned?(bytes: number): void;
  /** Keeps a state; resolves when it is safe and told. Training goes on meanwhile. */
  checkpoint(state: TrainedClassifier, labels: LabelChoice): Promise<void>;
  openJudge(state: ClassifierState, batch: number): Judge;
}
export interface FinetuneOptions {
  channel_mean: [number, number, number];
  channel_std: [number, number, number];
  /** The most bytes of GPU memory that it may take; where it isn't known, what the device gives. */
  memoryBudget?: number;
  /** An encoder to begin every trial with, under torchvision's names; without it, fresh weights. */
  init?: NamedTensors;
  /** A state to go on from, and its checkpoint's id. */
  resume?: { checkpoint: string; step: number; position: Position; trainingState: NamedTensors };
  /** Whether a state is to be kept when the run is stopped, by what the signal was aborted with. */
  keepsStateOf?(reason: unknown): boolean;
}
export interface FinetuneResult {
  figures: Record<string, number>;
  scores: Scores;
  labels: LabelChoice;
  trials: TrialResult[];
  /** What the classifier was trained with in the end. */
  chosen: Trial;
}

/**
 * Trains a classifier: each of the sweep's trials from the same beginning, judged on the validation images; then once
 * more by the best rate and length, with validation's labels where `refit` says so, without them to the best trial's very
 * bits. A run that is interrupted and goes on from a checkpoint makes the same bits as one that was not.
 *
 * @throws {DomainError} `invalid` if the data does not fit the config; type `batch_too_large`, naming the largest that
 *   fits the GPU; type `diverged`, if all trials have, or the last training has.
 * @throws What `signal` was aborted with.
 */
export async function finetune(
  pipelines: PipelineCache,
  config: FinetuneConfig,
  reader: DatasetReader,
  hooks: FinetuneHooks,
  signal: AbortSignal,
  options: FinetuneOptions,
): Promise<FinetuneResult> {
  const labels = chooseLabels(reader, config), outputs = outputsOf(reader, labels.classes);
  const { resume, init } = options, tested = labelled(reader, config.test_split);
  const sweep = new Sweep(config, labels, [...resume?.position.results ?? []]), { results } = sweep;
  const state = new ClassifierState(pipelines.device, config, labels.classes.length);
  const keeper = new Keeper((kept) => hooks.checkpoint(kept, labels), resume?.step ?? -1);
  const open: { destroy(): void }[] = [state];
  if (resume) hooks.message("info", `Going on from ${resume.checkpoint}, after ${resume.step} steps`);
  try {
    const judge = hooks.openJudge(state, config.batch);
    open.push(judge);
    for (let index = resume?.position.trial ?? 0;; index++) {
      const trial = sweep.at(index), from = resume?.position.trial === index ? resume : undefined;
      const opened = await openTrial(pipelines, { config, reader, hooks, options, state, judge }, trial);
      try {
        if (from) state.load(from.trainingState);
        else state.initialize(config.seed, init);
        const loop = new TrialLoop(
          {
            ...{ config, trial, outputs, keeper, hooks, results, ...opened },
            ...{ before: sweep.stepsBefore(index), total: sweep.totalAt(index) },
          },
          signal,
          from?.position.step ?? 0,
        );
        const judged = (items: Uint32Array) => judge.scores(items, outputs, signal);
        const scores = await keepingState<Scores | undefined>(
          loop,
          async () => {
            if (sweep.isFinal(index)) return await finish(loop, () => judged(tested), keeper);
            results.push(await tryOut(loop, () => judged(labels.validation), trial, hooks));
          },
          (error) => error === signal.reason && (options.keepsStateOf?.(error) ?? false),
        );
        if (scores) return { figures: loop.figures, scores, labels, trials: results, chosen: trial };
      } finally {
        opened.close();
      }
    }
  } finally {
    await keeper.idle();
    for (const part of open.reverse()) part.destroy();
  }
}

/** Runs a part of a training; keeps its state, if it is to be, where it is stopped. */
async function keepingState<T>(
  loop: TrialLoop,
  part: () => Promise<T>,
  keeps: (error: unknown) => boolean,
): Promise<T> {
  try {
    await loop.saveFirst();
    return await part();
  } catch (error) {
    if (keeps(error)) await loop.save();
    throw error;
  }
}

/** The final training, to its last checkpoint. */
async function finish(loop: TrialLoop, judged: () => Promise<Scores>, keeper: Keeper): Promise<Scores> {
  const reason = await loop.toEnd();
  if (reason) throw diverged(reason);
  const scores = await judged(), { top1, top5, mean_per_class } = scores;
  const figures = { test_top1: top1, test_top5: top5, test_mean_per_class: mean_per_class };
  loop.tell(figures); // first, so that the checkpoint's figures have its accuracy
  await loop.save();
  await keeper.written();
  return scores;
}

/** A trial, and what it comes to. One that diverges is a bad rate, and no failure of the run's. */
async function tryOut(
  loop: TrialLoop,
  judged: () => Promise<Scores>,
  { index, base_lr, epochs, steps }: Trial,
  { message }: Pick<FinetuneHooks, "message">,
): Promise<TrialResult> {
  const reason = await loop.toEnd(), what = `Trial ${index}, base_lr ${base_lr}, ${steps} steps`;
  const result = { base_lr, ...epochs === undefined ? {} : { epochs }, steps };
  if (reason) {
    message("warn", `${what}, has diverged: ${reason}`);
    return { ...result, validation_top1: null };
  }
  const { top1, images } = await judged();
  message("info", `${what}: top-1 ${top1.toFixed(4)} of ${images} validation images`);
  loop.tell({ validation_top1: top1 });
  return { ...result, validation_top1: top1 };
}
