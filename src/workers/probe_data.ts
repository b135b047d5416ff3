import type { LinearProbeConfig } from "../domain/linear_probe.ts";
import { holdOut } from "../evaluation/held_out.ts";
import type { LabelledEmbeddings } from "../evaluation/knn.ts";
import type { LinearHead } from "../evaluation/linear_head.ts";
import type { DatasetReader } from "../data/dataset_reader.ts";
import { EvaluationProgress } from "./evaluation_progress.ts";
import type { FrozenEncoder, LabelledItems } from "./frozen_encoder.ts";
import { labelledItems } from "./labelled_items.ts";

/** A classifier, and how it was come by. */
export interface ProbeFit {
  head: LinearHead;
  /** What was tried, what was chosen by which rule, and the protocol's own settings: parts of the job's result. */
  told: Record<string, unknown>;
  /** Updates that the classifier that is kept has had. */
  steps: number;
}

/** What a linear probe is trained on, chosen by and judged on; labels are places in `classes`. */
export interface ProbeData {
  /** The names of the classes that what is trained on has, in the dataset's order. */
  classes: string[];
  train: Uint32Array;
  held: Uint32Array;
  test: LabelledItems;
  progress: EvaluationProgress;
  /** The classes of images. */
  labelsOf(items: Uint32Array): Int32Array;
  /** Embeddings without augmentation. */
  embed(items: Uint32Array): Promise<LabelledEmbeddings>;
  /** The protocol's part that is about data. */
  told(): Record<string, unknown>;
}

/** @throws {DomainError} `invalid` if a split has no labels. @throws {RangeError} If a class is too small to hold some of it out. */
export function openProbeData(frozen: FrozenEncoder, config: LinearProbeConfig): ProbeData {
  const { reader } = frozen, { train_split, validation, test_split, seed } = config;
  const all = frozen.labelled(train_split), test = frozen.labelled(test_split);
  const of = (items: Uint32Array) => Int32Array.from(items, (n) => reader.classOf(n));
  const known = [...new Set(of(all.items))].sort((a, b) => a - b),
    place = new Map(known.map((c, i) => [c, i]));
  const named = typeof validation === "string" ? frozen.labelled(validation) : undefined;
  let train = all.items, held = named?.items ?? all.items;
  if (typeof validation === "number") {
    const share = holdOut(of(all.items), validation, seed);
    [train, held] = [share.kept, share.held].map((rows) => rows.map((row) => all.items[row]));
  }
  const labelsOf = (items: Uint32Array) => of(items).map((c) => place.get(c)!);
  const progress = new EvaluationProgress(
    frozen.run.say,
    stepsOf(config, train.length, held.length, test.items.length),
  );
  return {
    ...{ classes: known.map((c) => reader.classes[c]), train, held, test, progress, labelsOf },
    embed: async (items) => ({
      rows: (await frozen.embed(items, progress.embedded)).rows,
      labels: labelsOf(items),
    }),
    told: () => ({
      ...{ protocol: config.protocol, from_checkpoint: config.checkpoint, classes: known.length, seed },
      ...{ train_split, train_images: train.length, train_unlabelled: all.left },
      ...{ validation, validation_images: held.length, refit_images: train.length + held.length },
      ...{ test_split, test_images: test.items.length, test_unlabelled: test.left },
      ...{ features: "the encoder's output as it is", statistics: "running" },
      preprocessing: frozen.preprocessingOf(train, held, test.items),
    }),
  };
}

/** What its progress will count, and the images of it. @throws As `openProbeData`. */
export function countProbe(
  reader: DatasetReader,
  config: LinearProbeConfig,
): { steps: number; images: number } {
  const { train_split, validation, test_split, seed, lbfgs } = config;
  const items = labelledItems(reader, train_split), test = labelledItems(reader, test_split).length;
  let train = items.length, held = 0;
  if (typeof validation === "string") held = labelledItems(reader, validation).length;
  else {
    const share = holdOut(Int32Array.from(items, (n) => reader.classOf(n)), validation, seed);
    [train, held] = [share.kept.length, share.held.length];
  }
  const steps = stepsOf(config, train, held, test);
  return { steps, images: lbfgs ? steps - lbfgs.lambdas.length - 1 : steps };
}

/** Images that will be embedded, each time one is, and classifiers that will be fitted. */
function stepsOf({ lbfgs, sgd }: LinearProbeConfig, train: number, held: number, test: number): number {
  if (lbfgs) return train + held + test + lbfgs.lambdas.length + 1;
  return sgd!.epochs * (train + train + held) + held + test;
}
