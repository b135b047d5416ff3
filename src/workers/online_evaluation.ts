import type { ByolState } from "../byol/state.ts";
import { mebibytes } from "../training/fit.ts";
import type { DatasetReader } from "../data/dataset_reader.ts";
import { DomainError } from "../domain/errors.ts";
import type { EvaluateConfig, ResolvedPretrainConfig } from "../domain/pretrain.ts";
import { knnAccuracyOnGpu, knnMemory } from "../evaluation/gpu_knn.ts";
import { type Probe, probeAccuracy, probeBytes } from "../evaluation/probe_accuracy.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Encoder } from "../inference/encoder.ts";
import { preprocessingBytes, Preprocessor } from "../inference/preprocess.ts";
import { embedItems } from "./embed_items.ts";

/** What is evaluated, and on what. */
export interface OnlineEvaluationOptions extends Pick<ByolState, "online" | "spec"> {
  reader: DatasetReader;
  config:
    & { evaluate: EvaluateConfig }
    & Pick<
      ResolvedPretrainConfig,
      "split" | "px" | "batch" | "micro_batch" | "channel_mean" | "channel_std"
    >;
  /** The most bytes of the machine's memory that embeddings may take; by default half of what is available. */
  hostBudget?: number;
}
export interface OnlineFigures {
  metrics: { knn_top1: number; knn_k: number; knn_temperature: number; probe_top1?: number };
  /** The figures with the protocol that they depend on: numbers of other protocols do not compare. */
  text: string;
}

/** Of the machine's memory: the rest is for reading images, for the other child and for a CPU adapter's buffers. */
const HOST_SHARE = 0.5;

/** Accuracy of a network while it trains, from its weights and running statistics as they are; changes neither. */
export class OnlineEvaluation {
  readonly #bank: Uint32Array;
  readonly #queries: Uint32Array;
  readonly #encoder: Encoder;
  readonly #preprocessor: Preprocessor;
  /** Neighbours asked for, or all of the bank. */
  readonly #k: number;
  /**
   * Bytes of GPU memory that it takes beside the network: what it keeps between evaluations and, of what it takes for an
   * evaluation, the most at once.
   */
  readonly bytes: number;

  private constructor(readonly pipelines: PipelineCache, readonly options: OnlineEvaluationOptions) {
    const { reader, config, online, spec } = options, { evaluate, px, channel_mean, channel_std } = config;
    this.#bank = labelled(reader, config.split, "#/config/split");
    this.#queries = labelled(reader, evaluate.split, "#/config/evaluate/split");
    this.#k = Math.min(evaluate.k, this.#bank.length);
    const { dim } = spec, bankRows = this.#bank.length, queryRows = this.#queries.length;
    const search = knnMemory(pipelines, { bankRows, queryRows, dim, k: this.#k });
    expectHostMemory(search.hostBytes, bankRows + queryRows, dim, options.hostBudget ?? hostBudget());
    // No more at once than a step has views of, so that its activations stay under a step's.
    const images = Math.min(Math.max(bankRows, queryRows), 2 * (config.micro_batch ?? config.batch));
    this.#encoder = Encoder.over(pipelines, online, spec, px, { prefix: "encoder", images });
    const classes = reader.classes.length;
    this.bytes = this.#encoder.bytes + Math.max(
      this.#preprocessingBytes(this.#bank),
      this.#preprocessingBytes(this.#queries),
      search.gpuBytes,
      probeBytes(pipelines, { rows: queryRows, dim, classes }),
    );
    this.#preprocessor = new Preprocessor(pipelines, { px, channel_mean, channel_std });
  }

  /**
   * Finds out what there is to evaluate and what memory it takes; takes next to none yet.
   *
   * Images without a class are left out, and counted in the text.
   *
   * @throws {DomainError} `invalid`: a split holds no image with a class; type `model_too_large`, one image's activations
   *   exceed the device's bindings; type `bank_too_large`, the embeddings would not fit the machine's memory.
   * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
   */
  static open(pipelines: PipelineCache, options: OnlineEvaluationOptions): OnlineEvaluation {
    return new OnlineEvaluation(pipelines, options);
  }

  /**
   * Takes what is kept between evaluations, and compiles; `run` does it where nobody has.
   *
   * @throws {OutOfMemoryError} If the device has not the memory.
   */
  prepare(): Promise<void> {
    return this.#encoder.prepare();
  }

  /**
   * Embeds both splits with the network as it is now, and classifies. Nothing may be submitted that changes the network
   * before this is done.
   *
   * @param probe A linear classifier of the encoder's embeddings, one logit for each of the data set's classes.
   * @throws {DomainError} `invalid`, type `diverged`, if an embedding is not finite.
   * @throws What `signal` was aborted with.
   */
  async run(signal: AbortSignal, probe?: Probe): Promise<OnlineFigures> {
    const { pipelines } = this,
      { reader, config: { evaluate, split } } = this.options,
      { dim } = this.#encoder;
    const embed = async (items: Uint32Array) => {
      const embeddings = await embedItems(this.#encoder, this.#preprocessor, reader, items, signal);
      if (!embeddings.rows.every(Number.isFinite)) {
        throw new DomainError("invalid", "Cannot evaluate the encoder: an embedding is not finite", {
          type: "diverged",
        });
      }
      return embeddings;
    };
    const bank = await embed(this.#bank);
    const queries = evaluate.split === split ? bank : await embed(this.#queries);
    const k = this.#k, { temperature } = evaluate;
    const top1 = await knnAccuracyOnGpu(pipelines, bank, queries, dim, { k, temperature }, signal);
    const probeTop1 = probe && await probeAccuracy(pipelines, queries, dim, probe, signal);
    const metrics = { knn_top1: top1, knn_k: k, knn_temperature: temperature };
    return {
      metrics: probeTop1 === undefined ? metrics : { ...metrics, probe_top1: probeTop1 },
      text: this.#describe(top1, probeTop1),
    };
  }

  #describe(top1: number, probeTop1: number | undefined): string {
    const { reader, config: { evaluate, split } } = this.options;
    const count = (items: Uint32Array, split: string) => {
      const left = reader.items(split).length - items.length;
      return `${items.length} images${left > 0 ? `, ${left} more without a class` : ""}`;
    };
    const same = evaluate.split === split ? ", the queries themselves" : "";
    const bank = `bank: ${split}, ${count(this.#bank, split)}${same}`;
    const protocol = `k ${this.#k}, T ${evaluate.temperature}, cosine, running statistics, no augmentation`;
    const knn = `k-NN top-1 ${top1.toFixed(4)} on ${evaluate.split} (${
      count(this.#queries, evaluate.split)
    }; ${bank}; ${protocol})`;
    return probeTop1 === undefined
      ? knn
      : `${knn}; linear probe top-1 ${probeTop1.toFixed(4)} on the same embeddings of ${evaluate.split}`;
  }

  /** The most that preprocessing a batch takes: until a batch is embedded, all of its images may be on the GPU. */
  #preprocessingBytes(items: Uint32Array): number {
    const { reader, config } = this.options, batch = this.#encoder.largestBatch;
    let most = 0;
    for (let at = 0; at < items.length; at += batch) {
      const sizes = Array.from(items.subarray(at, at + batch), (n) => reader.size(n));
      most = Math.max(most, preprocessingBytes(sizes, config.px));
    }
    return most;
  }

  /** Frees what it took; the network stays. */
  destroy(): void {
    this.#encoder.destroy();
    this.#preprocessor.destroy();
  }
}

/** A split's images that have a class. @throws {DomainError} `invalid` if there are none. */
function labelled(reader: DatasetReader, split: string, pointer: string): Uint32Array {
  const items = reader.items(split).filter((n) => reader.classOf(n) >= 0);
  if (items.length > 0) return items;
  const detail = `${split} has no images with a class, and accuracy needs them`;
  throw new DomainError("invalid", `Cannot evaluate while training: ${detail}`, {
    errors: [{ pointer, detail }],
  });
}

/** What embeddings may take of the machine; where this process may not ask how much there is, anything. */
function hostBudget(): number {
  const { state } = Deno.permissions.querySync({ name: "sys", kind: "systemMemoryInfo" });
  return state === "granted" ? HOST_SHARE * Deno.systemMemoryInfo().available : Infinity;
}

/** @throws {DomainError} `invalid`, type `bank_too_large`. */
function expectHostMemory(bytes: number, images: number, dim: number, budget: number): void {
  if (bytes <= budget) return;
  const detail = `embeddings of ${images} images, ${dim} numbers each, take ${mebibytes(bytes)} of memory, ` +
    `of which ${mebibytes(budget)} may be taken; set evaluate to null, or name smaller splits`;
  throw new DomainError("invalid", `Cannot evaluate while training: ${detail}`, {
    type: "bank_too_large",
    errors: [{ pointer: "#/config/evaluate", detail }],
  });
}
