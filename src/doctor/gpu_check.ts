/**
 * A program of its own, for a driver may end the process that calls it: opens the GPU and, for a second, holds a kernel of
 * kernels/ to float64. Its last line on standard output is a `GpuCheck` as JSON; its argument is the WebGPU provider.
 */
import { RandomStream } from "../domain/philox.ts";
import type { MatrixShape } from "../gpu/capabilities.ts";
import { openGpu } from "../gpu/device.ts";
import { PipelineCache } from "../gpu/pipeline.ts";
import type { GpuProvider } from "../gpu/provider.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { Canary } from "../inference/canary.ts";
import { recordLinear } from "../nn/linear.ts";

/** What was found out; `failure` where it could not be. */
export interface GpuCheck {
  adapter?: { description: string; vendor: string; driver: string; software: boolean };
  features?: string[];
  limits?: Record<string, number>;
  /** Products of small matrices that a subgroup makes at once, of f16 with f32 sums. */
  matrices?: readonly MatrixShape[];
  /** A product of matrices. `error`: the largest difference from float64, of what the terms' magnitudes allow. */
  kernel?: { error: number; products: number; gflops: number };
  failure?: string;
}

/** Of a square product. 2^-24 for each of its sums' roundings is 6e-8 · SIZE at the very most. */
const SIZE = 256, TOLERANCE = 2e-5, CHECK_MS = 1000;

async function checkGpu(provider: GpuProvider): Promise<GpuCheck> {
  const { device, adapter, capabilities, granted } = await openGpu({ allowSoftware: true, provider });
  const { description, vendor, driver, software } = adapter;
  const pipelines = new PipelineCache(device, capabilities),
    found = {
      ...{ adapter: { description, vendor, driver, software }, features: granted.features },
      ...{ limits: granted.limits, matrices: capabilities.matrices },
    };
  try {
    await new Canary(pipelines).check();
    return { ...found, kernel: await checkKernel(pipelines) };
  } catch (error) {
    return { ...found, failure: (error as Error).message };
  }
}

async function checkKernel(pipelines: PipelineCache): Promise<GpuCheck["kernel"]> {
  const random = new RandomStream(1, 96), { device, capabilities } = pipelines;
  const noise = () => Float32Array.from({ length: SIZE * SIZE }, () => random.uniform(-1, 1));
  const a = noise(), b = noise(), shape = [SIZE, SIZE];
  const recorder = new Recorder(capabilities);
  const x = uploadTensor(device, "doctor.x", shape, "f32", a);
  const weight = uploadTensor(device, "doctor.weight", shape, "f32", b);
  const y = recorder.keep(recordLinear(recorder, "doctor", x, weight).y);
  const plan = await recorder.compile(pipelines), begun = performance.now();
  let products = 0, error = 0;
  do {
    for (let i = 0; i < 8; i++, products++) plan.replay();
    const got = await readFloats(device, y);
    if (error === 0) error = worstError(a, b, got);
  } while (performance.now() - begun < CHECK_MS);
  const seconds = (performance.now() - begun) / 1000;
  if (!(error <= TOLERANCE)) throw new Error(`a product of matrices differs from float64 by ${error}`);
  return { error, products, gflops: products * 2 * SIZE ** 3 / seconds / 1e9 };
}

/** The largest difference from float64, of the sum of the terms' magnitudes. */
function worstError(a: Float32Array, b: Float32Array, got: Float32Array): number {
  let worst = 0;
  for (let n = 0; n < SIZE; n++) {
    for (let o = 0; o < SIZE; o++) {
      let sum = 0, magnitude = 0;
      for (let i = 0; i < SIZE; i++) {
        const term = a[n * SIZE + i] * b[o * SIZE + i];
        sum += term;
        magnitude += Math.abs(term);
      }
      const error = Math.abs(got[n * SIZE + o] - sum) / magnitude;
      if (!(error <= worst)) worst = error; // also what is no number
    }
  }
  return worst;
}

const [provider = "deno"] = Deno.args;
const check = await checkGpu(provider as GpuProvider).catch((error): GpuCheck => ({
  failure: error.message,
}));
console.log(JSON.stringify(check));
Deno.exit(0);
