import { bindingLimit } from "../../src/gpu/allocate.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { timePlan } from "../../src/gpu/timing.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordLinear } from "../../src/nn/linear.ts";
import { digits, printTable, sum } from "./figures.ts";
import { GPU_OPTIONS, gpuChoice } from "./gpu_choice.ts";
import type { OptionValues } from "./options.ts";
import { type Bench, openBench } from "./training.ts";

/** What the f16 product of 4096³ is to reach where an adapter has matrices: a datacentre GPU's. */
const TARGET_TFLOPS = 300;

export const PEAK_OPTIONS = {
  size: {
    about: "rows and columns of the products that tell the peak; 0: 4096, or 512 in software",
    default: 0,
    least: 0,
  },
  copy: {
    about: "MiB that a copy reads, and writes, to tell the bandwidth; 0: 1024, or 64 in software",
    default: 0,
    least: 0,
  },
} as const;
export const PEAKS_OPTIONS = {
  ...GPU_OPTIONS,
  ...PEAK_OPTIONS,
  rounds: { about: "timed runs of each; medians are shown", default: 9 },
} as const;

/** One thing measured: `per_s` is FLOP/s of a product, bytes read and written per second of a copy. */
export interface Peak {
  what: string;
  kernel: string;
  ms: number;
  per_s: number;
}
/** What a card was seen to do at most, by plain large work. */
export interface Peaks {
  f32: Peak;
  /** Missing where the device has no f16. */
  f16?: Peak;
  copy: Peak;
}

/** The peaks of a card as our own kernels reach them. */
export async function peaks(options: OptionValues<typeof PEAKS_OPTIONS>): Promise<void> {
  const bench = await openBench(gpuChoice(options)), { adapter, capabilities } = bench;
  const found = await measurePeaks(bench, options);
  const matrices = (capabilities.matrices ?? []).map(({ M, N, K }) => `${M}×${N}×${K}`);
  console.log(`opened   ${adapter.driver}${options.toggles === "none" ? "" : `, with ${options.toggles}`}`);
  console.log(
    `matrices ${matrices.length > 0 ? `${matrices.join(", ")}, f16 with f32 sums` : "none are offered"}\n`,
  );
  printPeaks(found);
  if (found.f16 && !adapter.software) {
    const tera = found.f16.per_s / 1e12, verdict = tera >= TARGET_TFLOPS ? "met" : "MISSED";
    console.log(`f16 product at ${digits(tera)} TFLOP/s, target at least ${TARGET_TFLOPS}: ${verdict}`);
  }
  const about = { case: "peaks", adapter: adapter.driver, toggles: options.toggles, matrices };
  console.log(`\n${JSON.stringify({ ...about, ...found })}`);
}

/** Measures a card's peaks, by medians of `rounds`; frees what it took. */
export async function measurePeaks(
  bench: Bench,
  { size, copy, rounds }: { size: number; copy: number; rounds: number },
): Promise<Peaks> {
  const { software } = bench.adapter, n = size || (software ? 512 : 4096);
  const f32 = await product(bench, n, "f32", rounds);
  const f16 = bench.capabilities.shaderF16 ? await product(bench, n, "f16", rounds) : undefined;
  return { f32, ...f16 && { f16 }, copy: await copied(bench, copy || (software ? 64 : 1024), rounds) };
}

export function printPeaks({ f32, f16, copy }: Peaks): void {
  const rows = [f32, ...f16 ? [f16] : []].map(({ what, kernel, ms, per_s }) => [
    ...[what, kernel, digits(ms), `${digits(per_s / 1e12)} TFLOP/s`],
  ]);
  rows.push([copy.what, copy.kernel, digits(copy.ms), `${digits(copy.per_s / 1e9)} GB/s`]);
  printTable(["measured peak", "kernel", "ms>", ">"], rows);
}

/** y = x · weightᵀ of n × n each, as a linear layer makes it; packing the weight is not timed. */
async function product(bench: Bench, n: number, dtype: "f32" | "f16", rounds: number): Promise<Peak> {
  const { device, capabilities, pipelines } = bench, values = new Float32Array(n * n);
  for (let i = 0; i < values.length; i++) values[i] = Math.random() - 0.5;
  const x = uploadTensor(device, "x", [n, n], dtype), weight = uploadTensor(device, "weight", [n, n], "f32");
  const bytes = new Uint8Array((dtype === "f16" ? new Float16Array(values) : values).buffer);
  device.queue.writeBuffer(x.storage.buffer, 0, bytes);
  device.queue.writeBuffer(weight.storage.buffer, 0, values);
  const recorder = new Recorder(capabilities);
  recorder.keep(recordLinear(recorder, "product", x, weight).y);
  const plan = await recorder.compile(pipelines);
  const dispatches = (await timePlan(plan, { rounds })).dispatches.filter(({ flops }) => flops > 0);
  plan.destroy();
  for (const { storage: { buffer } } of [x, weight]) buffer.destroy();
  const ms = sum(dispatches.map((dispatch) => dispatch.ms)), [{ kernel }] = dispatches;
  return { what: `${n}³ product, ${dtype}`, kernel, ms, per_s: 2 * n ** 3 / ms * 1e3 };
}

/** Four elements a lane, whole rows of lanes one after the other. */
const COPY = `
@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 256u + id.x;
  if (i < arrayLength(&x)) { y[i] = x[i]; }
}
`;
/** The largest row of workgroups that is a power of two. */
const ROW = 32_768;

async function copied(bench: Bench, mebibytes: number, rounds: number): Promise<Peak> {
  const { device, capabilities, pipelines } = bench, VECTOR_BYTES = 16, PER_GROUP = 256;
  const bytes = Math.min(mebibytes * 2 ** 20, bindingLimit(device.limits));
  const groups = Math.floor(bytes / VECTOR_BYTES / PER_GROUP), x = Math.min(ROW, groups);
  const y = Math.floor(groups / x), elements = 4 * PER_GROUP * x * y;
  const [from, to] = ["from", "to"].map((label) => uploadTensor(device, label, [elements], "f32"));
  const recorder = new Recorder(capabilities);
  recorder.dispatch({ name: "copy", source: COPY }, [from, to], [x, y]);
  const plan = await recorder.compile(pipelines), { dispatches: [{ ms }] } = await timePlan(plan, { rounds });
  plan.destroy();
  for (const { storage: { buffer } } of [from, to]) buffer.destroy();
  const moved = 8 * elements;
  return { what: `copy of ${4 * elements / 2 ** 20} MiB`, kernel: "copy", ms, per_s: moved / ms * 1e3 };
}
