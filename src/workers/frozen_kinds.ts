import type { EmbedConfig } from "../domain/embed.ts";
import { type KnnConfig, ksOf } from "../domain/knn.ts";
import type { LinearProbeConfig } from "../domain/linear_probe.ts";
import { classifyMemory } from "../evaluation/exact_knn.ts";
import { roundsOf } from "../inference/batch_sizes.ts";
import type { Encoder } from "../inference/encoder.ts";
import { preprocessingBytes } from "../inference/preprocess.ts";
import { CHUNK } from "./embed_items.ts";
import { roundBytes } from "./embed_rounds.ts";
import { qualityBytes } from "./embedding_quality.ts";
import { type FrozenPlan, type FrozenPlanning, planByBatches } from "./frozen_plan.ts";
import { labelledItems } from "./labelled_items.ts";
import { openCrops } from "./probe_by_sgd.ts";

/** What a `knn` job takes. @throws {DomainError} `invalid`, type `model_too_large`, as an Encoder. */
export function planKnn(config: KnnConfig, planning: FrozenPlanning): FrozenPlan {
  const { pipelines, reader } = planning, ks = ksOf(config);
  const bank = labelledItems(reader, config.bank_split), queries = labelledItems(reader, config.query_split);
  return planByBatches(planning, (encoder) =>
    Math.max(
      chunkBytes(planning, encoder, bank),
      chunkBytes(planning, encoder, queries),
      classifyMemory(pipelines, {
        ...{ ks, dim: encoder.dim, bankRows: bank.length, queryRows: queries.length },
      }),
      config.quality ? qualityBytes({ ...planning, encoder }, queries, pipelines) : 0,
    ));
}

/** What a `linear_probe` job takes; its classifiers are trained by the CPU. @throws {DomainError} As `planKnn`. */
export function planLinearProbe(config: LinearProbeConfig, planning: FrozenPlanning): FrozenPlan {
  const { pipelines, reader, model: { preprocessing } } = planning, { validation, sgd, seed } = config;
  const test = labelledItems(reader, config.test_split), train = labelledItems(reader, config.train_split);
  const held = typeof validation === "string" ? labelledItems(reader, validation) : new Uint32Array();
  const trained = Uint32Array.from([...train, ...held]);
  return planByBatches(planning, (encoder) => {
    const embedded = Math.max(
      ...[train, held, test].map((items) => chunkBytes(planning, encoder, items)),
    );
    const crops = sgd
      ? openCrops(pipelines, { encoder, reader, preprocessing }, trained, sgd, seed).bytes
      : 0;
    const quality = config.quality ? qualityBytes({ ...planning, encoder }, test, pipelines) : 0;
    return Math.max(crops + embedded, quality);
  });
}

/** What an `embed` job takes. @throws {DomainError} As `planKnn`. */
export function planEmbed(config: EmbedConfig, planning: FrozenPlanning): FrozenPlan {
  const { pipelines, reader, model: { preprocessing: { px } } } = planning;
  const items = reader.items(config.split ?? undefined);
  return planByBatches(planning, (encoder) =>
    Math.max(
      roundBytes(reader, items, { px, dim: encoder.dim }),
      ...config.quality
        ? [chunkBytes(planning, encoder, items), qualityBytes({ ...planning, encoder }, items, pipelines)]
        : [],
    ));
}

/** The most that preprocessing takes while `embedItems` goes through these: until a round is read, all of its images. */
function chunkBytes(
  { reader, model: { preprocessing: { px } } }: FrozenPlanning,
  encoder: Encoder,
  items: Uint32Array,
): number {
  let most = 0;
  for (let at = 0; at < items.length; at += CHUNK) {
    const chunk = items.subarray(at, at + CHUNK);
    let from = 0;
    for (const round of roundsOf(chunk.length, encoder.batches)) {
      const images = round.reduce((sum, batch) => sum + batch, 0);
      const sizes = Array.from(chunk.subarray(from, from + images), (n) => reader.size(n));
      most = Math.max(most, preprocessingBytes(sizes, px));
      from += images;
    }
  }
  return most;
}
