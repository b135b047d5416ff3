import { join } from "@std/path";
import { type KnnConfig, ksOf } from "../domain/knn.ts";
import { ConfusionMatrix } from "../evaluation/confusion.ts";
import { classifyByNeighbours } from "../evaluation/exact_knn.ts";
import { writeResults } from "../results/result_files.ts";
import { judgeQuality } from "./embedding_quality.ts";
import { EvaluationProgress } from "./evaluation_progress.ts";
import { FrozenEncoder } from "./frozen_encoder.ts";
import { planKnn } from "./frozen_kinds.ts";
import { perClassCsv } from "./per_class.ts";
import type { Run } from "./run.ts";

/**
 * Runs a `knn` job: embeds both splits with the checkpoint's frozen encoder, without augmentation, and classifies. What is
 * stopped begins anew, and ends the same.
 *
 * @returns The job's result: `top1` (0 … 1) with the protocol that it depends on; of the first k where there are several,
 *   and of each in `by_k`. As files: what was taken for what, by the first k, and each class's accuracy by every k.
 * @throws {DomainError} `not_found` or `conflict` for the checkpoint; `invalid` if a split lacks labels; `disk_full`.
 */
export async function runKnn(config: KnnConfig, run: Run): Promise<Record<string, unknown>> {
  const { pipelines, dataDir, task, say, signal } = run, ks = ksOf(config);
  const frozen = await FrozenEncoder.open(run, config.checkpoint, (of) => planKnn(config, of));
  try {
    const { reader, encoder } = frozen;
    const bankItems = frozen.labelled(config.bank_split), queryItems = frozen.labelled(config.query_split);
    const progress = new EvaluationProgress(say, bankItems.items.length + 2 * queryItems.items.length);
    const bank = await frozen.embed(bankItems.items, progress.embedded);
    const queries = await frozen.embed(queryItems.items, progress.embedded);
    const { temperature, distance } = config;
    const given = await classifyByNeighbours(
      ...[pipelines, bank, queries, encoder.dim, { ks, temperature }, signal] as const,
      (count) => progress.step(count),
    );
    const matrices = given.map((classes) => {
      const matrix = new ConfusionMatrix(reader.classes);
      classes.forEach((predicted, q) => matrix.add(queries.labels[q], predicted));
      return matrix;
    });
    const scores = matrices.map((matrix) => matrix.scores());
    const quality = config.quality
      ? await judgeQuality(frozen, config.query_split, queryItems.items)
      : undefined;
    return {
      ...scores[0],
      by_k: ks.map((k, i) => ({ k, top1: scores[i].top1, mean_per_class: scores[i].mean_per_class })),
      ...{ checkpoint: config.checkpoint, k: config.k, temperature, distance },
      ...{ bank: bankItems.items.length, bank_split: config.bank_split, bank_unlabelled: bankItems.left },
      ...{ queries: queryItems.items.length, query_split: config.query_split },
      ...{ queries_unlabelled: queryItems.left, augmentation: "none", statistics: "running" },
      preprocessing: frozen.preprocessingOf(bankItems.items, queryItems.items),
      ...(quality ? { quality } : {}),
      files: await writeResults(join(dataDir, "results"), task.job, {
        "confusion.csv": matrices[0].toCsv(),
        "per_class.csv": perClassCsv(matrices, ks.map((k) => `top1_k${k}`)),
      }),
    };
  } finally {
    frozen.destroy();
  }
}
