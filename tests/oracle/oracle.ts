import { assert } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { openGpu } from "../../src/gpu/device.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readback } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { type Candidate, Tuner } from "../../src/gpu/tuner.ts";
import { memoryTuningCache } from "../../src/gpu/tuning_file.ts";
import type { Capabilities } from "../../src/gpu/capabilities.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { elementCount, type Tensor } from "../../src/gpu/tensor.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";

/** Half a unit in the last place of f32 at 1: one rounding's relative error at most. */
export const UNIT_ROUNDOFF = 2 ** -24;

/** Whose WebGPU is under test: GPU_PROVIDER says. */
export const provider = Deno.env.get("GPU_PROVIDER") === "dawn" ? "dawn" : "deno";
/** The adapter under test, opened once for all of a file's tests. */
export const gpu = await openGpu({
  ...{ allowSoftware: true, provider },
  toggles: Deno.env.get("DAWN_TOGGLES")?.split(","),
});
export const pipelines = new PipelineCache(gpu.device, gpu.capabilities);

/** The same adapter, with other capabilities or another choice among kernels than its own. */
export const pipelinesWith = (capabilities: Capabilities, tuner?: Tuner): PipelineCache =>
  new PipelineCache(gpu.device, capabilities, tuner);

/** Takes the n-th way to do each dispatch, or the last where there are fewer. */
export class NthCandidate extends Tuner {
  constructor(readonly n: number) {
    super("test", memoryTuningCache(), { measure: false, software: true });
  }
  override choose({ candidates }: { candidates: readonly Candidate[] }): Candidate {
    return candidates[Math.min(this.n, candidates.length - 1)];
  }
}

/** Values in a test: float64 numbers that f32 represents exactly, so that both sides start from the same. */
export interface Values {
  shape: readonly number[];
  data: Float64Array;
}

/** Standard normal noise, rounded to f32. */
export function noise(shape: readonly number[], seed: number, { mean = 0, std = 1 } = {}): Values {
  const random = new RandomStream(seed, 99), data = new Float64Array(shape.reduce((a, b) => a * b, 1));
  for (let i = 0; i < data.length; i++) data[i] = Math.fround(mean + std * random.normal());
  return { shape, data };
}

/** What an activation's values become when they are stored as `elem`. */
export const stored = ({ shape, data }: Values, elem: Elem): Values => ({
  shape,
  data: data.map(elem === "f16" ? Math.f16round : Math.fround),
});

/** A tensor on the GPU that holds `values`, rounded to its type. */
export function upload({ shape, data }: Values, label = "input", elem: Elem = "f32"): Tensor {
  if (elem === "f32") return uploadTensor(gpu.device, label, shape, elem, new Float32Array(data));
  const halves = new Float16Array(Math.ceil(data.length / 2) * 2);
  halves.set(data);
  return uploadTensor(gpu.device, label, shape, elem, new Uint32Array(halves.buffer));
}
export function uploadWords(
  shape: readonly number[],
  words: Uint32Array<ArrayBuffer>,
  label = "input",
): Tensor {
  return uploadTensor(gpu.device, label, shape, "u32", words);
}

/**
 * Records, replays once and reads back. Buffers hold garbage (NaN) before the replay, so that a kernel that forgets
 * an element, or reads what it should overwrite, is found out; the bits are NaN in f16 too.
 *
 * @param on What ops choose their kernels by; the adapter's own capabilities unless a test wants others.
 */
export async function run(
  record: (recorder: Recorder) => Tensor[],
  on: PipelineCache = pipelines,
): Promise<Float64Array[]> {
  const recorder = new Recorder(on.capabilities), results = record(recorder);
  for (const result of results) recorder.keep(result);
  const plan = await recorder.compile(on);
  for (const buffer of plan.buffers) {
    gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc07fc0));
  }
  plan.replay();
  const bits = await readback(gpu.device, results);
  plan.destroy();
  return bits.map((b, i) => {
    const { dtype, shape } = results[i];
    return new Float64Array(
      dtype === "f16" ? new Float16Array(b, 0, elementCount(shape)) : new Float32Array(b),
    );
  });
}

/** The relative error of storing a result as `elem`, beside the f32 roundings that made it. */
export const storageError = (elem: Elem): number => elem === "f16" ? 2 ** -11 : 0;

/** A test for each type that activations are stored as; one that the adapter has not got is skipped, and says why. */
export function testInEachType(name: string, fn: (elem: Elem) => Promise<void> | void): void {
  for (const elem of ["f32", "f16"] as const) {
    const ignore = elem === "f16" && !gpu.capabilities.shaderF16;
    const why = ignore ? " (skipped: the adapter has no shader-f16)" : "";
    Deno.test({ name: `${name}, ${elem}${why}`, ignore, fn: () => fn(elem) });
  }
}

/** The first seed of what is drawn, and of how many: others than are run by default, to be looked for by hand. */
const FIRST_SEED = Number(Deno.env.get("ORACLE_SEED") ?? 1),
  SEEDS = Number(Deno.env.get("ORACLE_SEEDS") ?? 3);

/** Tests, in each type, for shapes that nobody chose: one for each seed. */
export function testDrawn<T>(
  op: string,
  draw: (random: RandomStream) => T,
  check: (drawn: T, seed: number, elem: Elem) => Promise<void>,
): void {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
    const drawn = draw(new RandomStream(seed, 97));
    testInEachType(
      `${op} agrees with float64 as drawn by seed ${seed}, ${JSON.stringify(drawn)}`,
      (elem) => check(drawn, seed, elem),
    );
  }
}

/** A whole number from `low` to `high`, small ones as likely as large ones. */
export const between = (random: RandomStream, low: number, high: number): number =>
  Math.min(high, Math.floor(low * ((high + 1) / low) ** random.uniform()));

/**
 * The error bound of a sum of `n` products in f32 in any order, as a share of the sum of their magnitudes: λ√n·u, a
 * bound that holds with probability 1 − 2·exp(−λ²/2) an element (Higham & Mary 2019); λ = 6 leaves 3e-8.
 */
export const summationError = (n: number): number => 6 * Math.sqrt(n) * UNIT_ROUNDOFF;

/** What an op in f32 may differ by as a whole, of the tensor's norm. */
const NORM_TOLERANCE = 2e-5;

/**
 * Asserts |actual − expected| ≤ rtol · scale for every element; and in f32, that the whole is within NORM_TOLERANCE.
 *
 * @param scale Of each element, where cancellation makes its own magnitude misleading (the sum of its terms'
 *   magnitudes, say); by default the largest expected magnitude for all.
 */
export function expectClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  rtol: number,
  scale?: ArrayLike<number>,
): void {
  assert(actual.length === expected.length, `${what}: ${expected.length} elements, got ${actual.length}`);
  let most = 0;
  for (let i = 0; i < expected.length; i++) most = Math.max(most, Math.abs(expected[i]));
  // Numbers of f16 are never nearer to one another than 2^-24, however small they are.
  const underflow = rtol >= storageError("f16") ? 2 ** -25 : 0;
  let worst = 0, at = 0;
  for (let i = 0; i < expected.length; i++) {
    const apart = Math.max(0, Math.abs(actual[i] - expected[i]) - underflow);
    const error = apart / Math.max(scale ? scale[i] : most, 1e-30);
    if (!(error <= worst)) [worst, at] = [error, i];
    if (Number.isNaN(error)) break;
  }
  assert(
    worst <= rtol,
    `${what}: element ${at} is ${actual[at]}, expected ${
      expected[at]
    }: relative error ${worst}, at most ${rtol}`,
  );
  // What is left where nearly all of the terms cancel (a gradient of 0, say) has no norm to be measured by.
  const cancels = most === 0 || (scale !== undefined && norm(expected) < 1e-3 * norm(scale));
  if (rtol >= storageError("f16") || cancels) return;
  const error = normError(actual, expected);
  assert(error <= NORM_TOLERANCE, `${what} differs by ${error} of its norm, at most ${NORM_TOLERANCE}`);
}

function norm(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += values[i] ** 2;
  return Math.sqrt(squares);
}

/** ‖actual − expected‖ / ‖expected‖. */
export function normError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0, size = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    size += expected[i] ** 2;
  }
  return Math.sqrt(difference / Math.max(size, 1e-300));
}
