import type { DatasetReader } from "../data/dataset_reader.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import { ScoreTally } from "../evaluation/classifier_scores.ts";
import { eachLogits, probeBytes } from "../evaluation/probe_accuracy.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Encoder } from "../inference/encoder.ts";
import { preprocessingBytes, Preprocessor } from "../inference/preprocess.ts";
import type { Judge, Scores } from "../supervised/judge.ts";
import { ENCODER, HEAD } from "../supervised/network.ts";
import type { ClassifierState } from "../supervised/state.ts";
import { embedItems } from "./embed_items.ts";

/** Embeddings that are held at once: rows of a chunk. */
const ROWS = 4096;

/** Judges a classifier while it is trained, from its weights and running statistics as they are; changes neither. */
export class ClassifierJudge implements Judge {
  readonly #encoder: Encoder;
  readonly #preprocessor: Preprocessor;
  /** What it takes of the GPU's memory: between judgements, and the most at once while it judges. */
  readonly bytes: number;

  /** @throws {DomainError} As an Encoder. */
  constructor(
    private readonly pipelines: PipelineCache,
    private readonly reader: DatasetReader,
    private readonly state: ClassifierState,
    private readonly options: { preprocessing: Preprocessing; images: number; splits: readonly string[] },
  ) {
    const { network, spec, classes } = state, { preprocessing, images, splits } = options;
    this.#encoder = Encoder.over(pipelines, network, spec, preprocessing.px, { prefix: ENCODER, images });
    const most = splits.map((split) => this.#preprocessingBytes(reader.items(split)));
    this.bytes = this.#encoder.bytes +
      Math.max(...most, probeBytes(pipelines, { rows: ROWS, dim: spec.dim, classes }));
    this.#preprocessor = new Preprocessor(pipelines, preprocessing);
  }

  prepare(): Promise<void> {
    return this.#encoder.prepare();
  }

  async scores(items: Uint32Array, outputs: Uint32Array, signal: AbortSignal): Promise<Scores> {
    const { pipelines, reader, state: { network: { values }, spec, classes } } = this;
    const head = { weight: values.view(`${HEAD}.weight`), bias: values.view(`${HEAD}.bias`) };
    const tally = new ScoreTally(classes);
    for (let at = 0; at < items.length; at += ROWS) {
      const some = items.subarray(at, at + ROWS);
      const { rows, labels } = await embedItems(this.#encoder, this.#preprocessor, reader, some, signal);
      await eachLogits(
        pipelines,
        rows,
        spec.dim,
        head,
        (logits, n) => tally.add(logits, outputs[labels[n]]),
        signal,
      );
    }
    return tally.scores();
  }

  destroy(): void {
    this.#encoder.destroy();
    this.#preprocessor.destroy();
  }

  /** Until a batch is embedded, all of its images may be on the GPU. */
  #preprocessingBytes(items: Uint32Array): number {
    const { reader, options: { preprocessing: { px } } } = this, batch = this.#encoder.largestBatch;
    let most = 0;
    for (let at = 0; at < items.length; at += batch) {
      const sizes = Array.from(items.subarray(at, at + batch), (n) => reader.size(n));
      most = Math.max(most, preprocessingBytes(sizes, px));
    }
    return most;
  }
}
