import { type ByolState, openByolState } from "../../src/byol/state.ts";
import { fitOf } from "../../src/byol/train.ts";
import { ARCHS, PretrainRequest, type ResolvedPretrainConfig } from "../../src/domain/pretrain.ts";
import type { Capabilities } from "../../src/gpu/capabilities.ts";
import { OutOfMemoryError } from "../../src/gpu/gpu_error.ts";
import type { FlatBuffer } from "../../src/gpu/parameters.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { sketchDevice } from "../../src/gpu/sketch_device.ts";
import { byteLength } from "../../src/gpu/tensor.ts";
import { resolvePretrainConfig } from "../../src/jobs/resolve_config.ts";
import { largestFit } from "../../src/training/fit.ts";
import { aDataset } from "../contract/store_contract.ts";
import { printTable, sum } from "./figures.ts";
import { type OptionValues, UsageError } from "./options.ts";

export const PLAN_OPTIONS = {
  arch: { about: "the encoders, separated by commas", default: "resnet50" },
  px: { about: "the views' width and height in pixels", default: 224 },
  precision: { about: "what activations are stored as, f32 or mixed (f16); or both", default: "mixed" },
  budget: { about: "the GPU's memories, in bytes, MiB or GiB", default: "80GiB" },
  binding: {
    about: "what the GPU binds of a buffer at most; a whole number of GiB less a byte",
    default: "2GiB",
  },
  buffer: { about: "the largest buffer it makes, likewise; as much as it binds if it is 0", default: "0" },
  hidden: { about: "the heads' hidden width", default: 4096 },
  out: { about: "the projection's length", default: 256 },
  side: { about: "the images' own width and height at most, as they are uploaded", default: 256 },
  matrices: {
    about: "plan for products of 16×16×16 matrices, as NVIDIA's GPUs have through Dawn",
    default: false,
  },
} as const;
type Options = OptionValues<typeof PLAN_OPTIONS>;

/** The largest batch that a config may ask for. */
const LARGEST_BATCH = 8192;
const UNITS = { "": 1, MiB: 2 ** 20, GiB: 2 ** 30 } as const;

/** Bytes of what people write. @throws {UsageError} If it is no size. */
function bytesOf(option: string, text: string): number {
  const [, number, unit = ""] = /^(\d+(?:\.\d+)?) ?(MiB|GiB)?$/.exec(text) ?? [];
  if (!number) {
    throw new UsageError(`Cannot use --${option}: must be bytes, as 80GiB or 2147483644, got ${text}`);
  }
  return Math.floor(Number(number) * UNITS[unit as keyof typeof UNITS]);
}
/** Drivers tell limits of 2 GiB as a byte less; what is bound is whole words. */
const limitOf = (option: string, text: string): number => {
  const bytes = bytesOf(option, text);
  return bytes % 2 ** 30 === 0 ? bytes - 1 : bytes;
};
const gibibytes = (bytes: number): string => (bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 3 : 2);

/** The largest batch of a step within a GPU's memory and limits, which need not be this machine's: no GPU is asked. */
export async function plan(options: Options): Promise<void> {
  const { px, hidden, out, side, matrices } = options, binding = limitOf("binding", options.binding);
  const buffer = options.buffer === "0" ? binding : limitOf("buffer", options.buffer);
  const device = sketchDevice({ maxStorageBufferBindingSize: binding, maxBufferSize: buffer });
  const capabilities: Capabilities = {
    ...{ shaderF16: true, maxWorkgroupBytes: 49_152, maxWorkgroupInvocations: 1024 },
    ...matrices && { matrices: [{ M: 16, N: 16, K: 16 }], matrixSubgroupSize: 32 },
  };
  console.log(
    `case     ${px} px, heads ${hidden}/${out}, LARS, augmentation byol, images of ${side} px; bindings of ${binding} bytes, ` +
      `buffers of ${buffer}${matrices ? ", products of matrices" : ""}; sizes in GiB\n`,
  );
  const found: Largest[] = [];
  for (const arch of options.arch.split(",")) {
    for (const precision of options.precision.split(",")) {
      for (const text of options.budget.split(",")) {
        const budget = bytesOf("budget", text);
        found.push(
          await largestWithin(
            new PipelineCache(device, capabilities),
            { ...options, arch, precision },
            budget,
          ),
        );
      }
    }
  }
  printTable(
    [
      ...[
        "encoder",
        "precision",
        "budget>",
        "largest batch>",
        "bound by",
        "in all>",
        "activations>",
        "alive at once>",
      ],
      ...["parameters>", "gradients>", "optimiser>", "images>"],
    ],
    found.map(({ arch, precision, budget, batch, bound, bytes }) => [
      ...[arch, precision, gibibytes(budget), String(batch ?? "none"), bound],
      ...(bytes ? Object.values(bytes).map(gibibytes) : []),
    ]),
  );
  console.log();
  for (const row of found) {
    console.log(JSON.stringify({ case: "plan", px, binding, buffer, matrices, ...row }));
  }
}

interface Largest {
  arch: string;
  precision: string;
  budget: number;
  /** Undefined if none fits. */
  batch?: number;
  /** What one image more would exceed: `memory`, or what is then too large, by its name. */
  bound: string;
  /** `alive` is of the activations, the rest adds up to `all`. */
  bytes?: Record<
    "all" | "activations" | "alive" | "parameters" | "gradients" | "optimiser" | "images",
    number
  >;
}

/**
 * The largest batch within `budget` bytes, what its bytes are for, and what bounds it.
 *
 * @param pipelines Over a `sketchDevice`. @throws {UsageError} If the encoder cannot be built, or its parameters not be bound.
 */
export async function largestWithin(
  pipelines: PipelineCache,
  options: Options,
  budget: number,
): Promise<Largest> {
  const { arch, precision, side } = options, config = configOf(options);
  let state: ByolState;
  try {
    state = openByolState(pipelines, config);
  } catch (error) {
    throw error instanceof RangeError || error instanceof OutOfMemoryError
      ? new UsageError(error.message)
      : error;
  }
  const fit = fitOf(pipelines, config, { maxImageBytes: 3 * side ** 2 }, state, { memoryBudget: budget });
  const batch = await largestFit(pipelines.device, fit, LARGEST_BATCH);
  const told = { arch, precision, budget, batch };
  if (batch === undefined) return { ...told, bound: boundOf(() => fit.bytesAt(2), budget) };
  const { plan, bytes } = fit.memoryAt(batch), { online, target, optimizer } = state;
  const of = (buffers: readonly FlatBuffer[]) => sum(buffers.map(({ all }) => byteLength(all)));
  const parts = {
    activations: plan.bytes,
    alive: plan.peakBytes, // of the activations
    parameters: of([online.values, online.statistics, target.values, target.statistics]),
    gradients: of([online.gradients!]),
    optimiser: of(optimizer.buffers.map(([, buffer]) => buffer)),
    images: bytes - plan.bytes - state.bytes,
  };
  const bound = batch === LARGEST_BATCH
    ? "the API's largest batch"
    : boundOf(() => fit.bytesAt(batch + 1), budget);
  return { ...told, bound, bytes: { all: bytes, ...parts } };
}

/** Why a batch is too large. */
function boundOf(bytes: () => number, budget: number): string {
  try {
    return bytes() > budget ? "memory" : "?";
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error.message;
    throw error;
  }
}

function configOf({ arch, px, precision, hidden, out }: Options): ResolvedPretrainConfig {
  const parsed = PretrainRequest.safeParse({
    ...{ arch: ARCHS[0], px, batch: LARGEST_BATCH, steps: 1, precision, augmentation: "byol" },
    ...{ projector: { hidden, out }, predictor: { hidden } },
  });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new UsageError(`Cannot plan with this ${path.join(".")}: ${message}`);
  }
  const noise = aDataset({ status: "ready", splits: { train: { images: LARGEST_BATCH, classes: {} } } });
  return { ...resolvePretrainConfig(parsed.data, noise), arch } as ResolvedPretrainConfig;
}
