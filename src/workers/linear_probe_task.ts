import { join } from "@std/path";
import { writeCheckpoint } from "../checkpoint/checkpoint_writer.ts";
import { modelConfig } from "../checkpoint/model_config.ts";
import { newId } from "../domain/ids.ts";
import type { LinearProbeConfig } from "../domain/linear_probe.ts";
import { ConfusionMatrix } from "../evaluation/confusion.ts";
import { HeadsWorker } from "../evaluation/heads_worker.ts";
import type { LinearHead } from "../evaluation/linear_head.ts";
import { writeResults } from "../results/result_files.ts";
import { judgeQuality } from "./embedding_quality.ts";
import { FrozenEncoder } from "./frozen_encoder.ts";
import { planLinearProbe } from "./frozen_kinds.ts";
import { perClassCsv } from "./per_class.ts";
import { openProbeData, type ProbeData } from "./probe_data.ts";
import { trainByLbfgs } from "./probe_by_lbfgs.ts";
import { trainBySgd } from "./probe_by_sgd.ts";
import type { Run } from "./run.ts";

/**
 * Runs a `linear_probe` job: trains a linear classifier of the checkpoint's frozen embeddings, chosen on what is held out
 * and trained anew on all labels, and judges it on the test split. What is stopped begins anew, and ends the same: all
 * that is random is drawn from the seed.
 *
 * @returns The job's result: the accuracies with their whole protocol, every point of the sweep, and the checkpoint with the
 *   classifier. As files: what was taken for what, and each class's accuracy.
 * @throws {DomainError} `not_found` or `conflict` for the checkpoint; `invalid` if a split lacks labels; `disk_full`.
 */
export async function runLinearProbe(config: LinearProbeConfig, run: Run): Promise<Record<string, unknown>> {
  const { dataDir, task, signal } = run;
  const frozen = await FrozenEncoder.open(run, config.checkpoint, (of) => planLinearProbe(config, of));
  const thread = new HeadsWorker(signal);
  try {
    const data = openProbeData(frozen, config);
    const fit = config.lbfgs
      ? await trainByLbfgs(frozen, thread, data, config.lbfgs)
      : await trainBySgd(frozen, thread, data, config.sgd!, config.seed);
    // What is served is f32, so that is what is judged.
    const head = { weight: Float32Array.from(fit.head.weight), bias: Float32Array.from(fit.head.bias) };
    const embeddings = await data.embed(data.test.items);
    const { predicted, places } = await thread.ask("classify", { ...embeddings, head });
    const matrix = new ConfusionMatrix(data.classes);
    predicted.forEach((given, n) => matrix.add(embeddings.labels[n], given));
    const { top1, mean_per_class, per_class } = matrix.scores();
    const top5 = places.reduce((hits, place) => hits + Number(place < 5), 0) / places.length;
    const quality = config.quality
      ? await judgeQuality(frozen, config.test_split, data.test.items)
      : undefined;
    const files = await writeResults(join(dataDir, "results"), task.job, {
      "confusion.csv": matrix.toCsv(),
      "per_class.csv": perClassCsv([matrix], ["top1"]),
    });
    const checkpoint = await keepClassifier(frozen, data, head, fit.steps, { top1, top5, mean_per_class });
    return {
      ...{ top1, top5, mean_per_class, per_class, checkpoint },
      ...fit.told,
      ...data.told(),
      ...(quality ? { quality } : {}),
      files,
    };
  } finally {
    thread.close();
    frozen.destroy();
  }
}

/** Keeps the encoder and the classifier as a checkpoint of the job's own, which can be served. @returns Its id. */
async function keepClassifier(
  { run: { dataDir, task, say }, model, tensors }: FrozenEncoder,
  { classes }: ProbeData,
  { weight, bias }: LinearHead<Float32Array<ArrayBuffer>>,
  step: number,
  metrics: Record<string, number>,
): Promise<string> {
  const id = newId("ckpt"), { arch, dim, preprocessing } = model;
  const files = await writeCheckpoint(join(dataDir, "checkpoints"), id, {
    model: new Map([
      ...tensors,
      ["fc.weight", { shape: [classes.length, dim], data: weight }],
      ["fc.bias", { shape: [classes.length], data: bias }],
    ]),
    config: modelConfig({ ...model, classes: classes.length }),
    labels: [...classes],
  });
  const created_at = new Date().toISOString();
  await say({
    type: "checkpoint",
    checkpoint: {
      ...{ id, object: "checkpoint", job: task.job, arch, px: preprocessing.px },
      ...{ step, epoch: 0, metrics, files, created_at },
    },
  });
  return id;
}
