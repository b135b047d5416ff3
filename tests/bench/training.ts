import { fromFileUrl, join } from "@std/path";
import { targetDecay } from "../../src/byol/ema.ts";
import { type ByolState, openByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { openViewSource, type ViewSource } from "../../src/training/view_source.ts";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { Loader } from "../../src/data/loader.ts";
import { ShardWriter } from "../../src/data/shard.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { ARCHS, PretrainRequest, type ResolvedPretrainConfig } from "../../src/domain/pretrain.ts";
import { type Gpu, openGpu } from "../../src/gpu/device.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { TimestampQueries } from "../../src/gpu/timing.ts";
import { Tuner } from "../../src/gpu/tuner.ts";
import { fileTuningCache, memoryTuningCache } from "../../src/gpu/tuning_file.ts";
import { readConfig } from "../../src/config.ts";
import { learningRate } from "../../src/optim/schedule.ts";
import { resolvePretrainConfig } from "../../src/jobs/resolve_config.ts";
import { aDataset } from "../contract/store_contract.ts";
import type { GpuChoice } from "./gpu_choice.ts";
import { UsageError } from "./options.ts";

/** What is trained: any encoder that `resnetSpec` knows. */
export interface TrainingCase {
  arch: string;
  px: number;
  batch: number;
  hidden: number;
  out: number;
  precision: string;
}
/** The options that name one; the heads' defaults are those of the service. */
export const caseOptions = (arch: string, px: number, batch: number) => ({
  arch: { about: "the encoder", default: arch },
  px: { about: "the views' width and height in pixels", default: px },
  batch: { about: "images of a step; each becomes two views", default: batch },
  hidden: { about: "the heads' hidden width", default: 512 },
  out: { about: "the projection's length", default: 128 },
  precision: {
    about: "what activations are stored as: mixed is f16",
    default: "f32",
    choices: ["f32", "mixed"],
  },
});
export const describeCase = ({ arch, px, batch, hidden, out, precision }: TrainingCase): string =>
  `${arch}, ${px} px, batch ${batch} (${
    2 * batch
  } views), heads ${hidden}/${out}, ${precision}, LARS, augmentation cifar`;

export interface Bench extends Gpu {
  pipelines: PipelineCache;
}
/**
 * Opens whatever adapter there is, tuned afresh as a first job would: a bench says on what it ran.
 *
 * @param tuning A file whose choices are taken over, and added to; without one they are made anew.
 */
export async function openBench({ provider, toggles }: GpuChoice = {}, tuning?: string): Promise<Bench> {
  const named = provider ?? readConfig((name) => Deno.env.get(name)).gpuProvider;
  const gpu = await openGpu({ allowSoftware: true, provider: named === "auto" ? "deno" : named, toggles });
  const { software, driver } = gpu.adapter;
  const choices = tuning === undefined ? memoryTuningCache() : fileTuningCache(tuning);
  // Toggles change what a kernel becomes: its choices are not another's.
  const key = [driver, ...toggles ?? []].join(" "), options = { measure: true, software };
  const tuner = new Tuner(key, choices, options);
  return { ...gpu, pipelines: new PipelineCache(gpu.device, gpu.capabilities, tuner) };
}

/** Steps of a schedule that no bench comes to the end of. */
const TOTAL_STEPS = 100_000;

/** What a pretrain job sets up, over images of noise on disk, so that batches are loaded as they are in a job. */
export class Training {
  private constructor(
    readonly config: ResolvedPretrainConfig,
    readonly directory: string,
    readonly reader: DatasetReader,
    readonly loader: Loader,
    readonly state: ByolState,
    readonly views: ViewSource,
    readonly step: ByolStep,
  ) {}

  /** @throws {UsageError} If the case cannot be built. */
  static async open({ device, pipelines }: Bench, what: TrainingCase): Promise<Training> {
    const { px, batch, hidden, out, precision } = what;
    const parsed = PretrainRequest.safeParse({
      ...{ arch: ARCHS[0], px, batch, steps: TOTAL_STEPS, precision, augmentation: "cifar" },
      ...{ projector: { hidden, out }, predictor: { hidden }, tau: 0.99 },
      optimizer: { base_lr: 1, warmup_epochs: 0 },
    });
    if (!parsed.success) {
      const [{ path, message }] = parsed.error.issues;
      throw new UsageError(`Cannot train with this ${path.join(".")}: ${message}`);
    }
    const noise = aDataset({ status: "ready", splits: { train: { images: 2 * batch, classes: {} } } });
    // Any encoder that the engine knows, not only those of the API.
    const config = {
      ...resolvePretrainConfig(parsed.data, noise),
      arch: what.arch,
    } as ResolvedPretrainConfig;
    const directory = writeNoise(px, 2 * batch), reader = DatasetReader.open(directory);
    const loader = new Loader({ reader, split: "train", batch, seed: 0 });
    let state: ByolState;
    try {
      state = openByolState(pipelines, config);
    } catch (error) {
      throw error instanceof RangeError || error instanceof DomainError
        ? new UsageError(error.message)
        : error;
    }
    const views = openViewSource(device, config, reader, loader.maxImageBytes * batch);
    state.initialize(0);
    const step = await ByolStep.compile(pipelines, state, (recorder) => views.record(recorder));
    return new Training(config, directory, reader, loader, state, views, step);
  }

  /** Step `k` as src/byol/train.ts takes it, in its three parts, and the CPU's milliseconds of each. */
  advance(k: number): { load: number; write: number; submit: number } {
    const start = performance.now(), batch = this.loader.batch(k);
    const loaded = performance.now();
    this.views.write(batch);
    const written = performance.now();
    this.replay(k);
    return { load: loaded - start, write: written - loaded, submit: performance.now() - written };
  }

  /** Step `k` on the batch that was written last. */
  replay(k: number): void {
    const { total_steps, warmup_steps, peak_lr, tau } = this.config;
    this.step.run(k, {
      lr: learningRate(k, total_steps, warmup_steps, peak_lr),
      tau: targetDecay(k, total_steps, tau),
    });
  }

  close(): void {
    this.step.destroy();
    this.views.destroy();
    this.state.destroy();
    this.reader.close();
    Deno.removeSync(this.directory, { recursive: true });
  }
}

let datasets = 0;
/** A dataset of `images` images of noise in a directory of its own: in the page cache, as a small one is in training. */
function writeNoise(px: number, images: number): string {
  const results = fromFileUrl(new URL("./results", import.meta.url));
  const directory = join(results, `noise-${Deno.pid}-${datasets++}`);
  Deno.mkdirSync(directory, { recursive: true });
  const writer = new ShardWriter(directory), pixels = new Uint8Array(px * px * 3);
  for (let n = 0; n < images; n++) {
    for (let i = 0; i < pixels.length; i++) pixels[i] = 256 * Math.random();
    writer.add(`${n}.png`, { width: px, height: px, pixels }, 0, -1);
  }
  writer.finish({ splits: ["train"], classes: [], summary: {} as never }, [], []);
  return directory;
}

/**
 * Reads the GPU's clock before and after whatever is submitted between `start` and `read`. The queue's own `submit` is
 * stood in for, so that the loop under test is the real one.
 */
export class SubmitClock {
  readonly #queries: TimestampQueries;
  readonly #submit: GPUQueue["submit"];
  #submitted = 0;

  private constructor(readonly device: GPUDevice, capacity: number) {
    const { queue } = device;
    this.#queries = new TimestampQueries(device, 4 * capacity);
    this.#submit = queue.submit;
    queue.submit = (buffers) => {
      if (this.#submitted === capacity) throw new Error(`Cannot time more than ${capacity} submissions`);
      const at = 4 * this.#submitted++;
      this.#submit.call(queue, [this.#mark(at), ...buffers, this.#mark(at + 2)]);
    };
  }
  static start(device: GPUDevice, capacity: number): SubmitClock {
    return new SubmitClock(device, capacity);
  }
  /** An empty pass: all that it does is to have the clock read. */
  #mark(query: number): GPUCommandBuffer {
    const encoder = this.device.createCommandEncoder({ label: "mark" });
    encoder.beginComputePass({ timestampWrites: this.#queries.writes(query, query + 1) }).end();
    return encoder.finish();
  }

  /** Stops, waits, and gives each submission's begin and end in milliseconds. */
  async read(): Promise<{ begin: number; end: number }[]> {
    this.device.queue.submit = this.#submit;
    const times = await this.#queries.read(4 * this.#submitted);
    this.#queries.destroy();
    return Array.from(
      { length: this.#submitted },
      (_, i) => ({ begin: times[4 * i + 1], end: times[4 * i + 2] }),
    );
  }
}
