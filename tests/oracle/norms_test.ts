import { assertAlmostEquals, assertEquals } from "@std/assert";
import { allocMetricRing, figuresFrom, readStepMetrics, type StepMetrics } from "../../src/byol/metrics.ts";
import { recordUpdateMetrics } from "../../src/training/norms.ts";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import { gpu, noise, pipelines, summationError } from "./oracle.ts";
import { norm } from "./reference/step_metrics.ts";

const { device } = gpu;
type Shapes = readonly (readonly number[])[];

/** The figures of an update of parameters of noise, and float64's. */
async function figuresOf(shared: Shapes, own: Shapes, maxBindingBytes?: number, scale = 1024) {
  const online = new ParameterLayout(), target = new ParameterLayout();
  for (const [i, shape] of [...shared, ...own].entries()) online.add(`p${i}`, "weight", shape);
  for (const [i, shape] of shared.entries()) target.add(`p${i}`, "weight", shape);
  const values = new FlatBuffer(device, online, "values", maxBindingBytes),
    gradients = new FlatBuffer(device, online, "gradients", maxBindingBytes),
    averages = new FlatBuffer(device, target, "target", maxBindingBytes);
  const flat = { w: [] as number[], g: [] as number[], w2: [] as number[], t: [] as number[] };
  for (const [i, { name, shape }] of online.slots.entries()) {
    const [w, g, t] = [1, 2, 3].map((seed) => noise(shape, 10 * i + seed).data);
    values.write(name, Float32Array.from(w));
    gradients.write(name, Float32Array.from(g, (v) => v * scale));
    flat.w.push(...w);
    flat.g.push(...g);
    if (i >= shared.length) continue;
    averages.write(name, Float32Array.from(t));
    flat.w2.push(...w);
    flat.t.push(...t);
  }
  const lossScale = LossScale.dynamic(device, { initial: 512 }), step = new StepParams(device);
  lossScale.write(Float32Array.of(512, 1 / scale, 0, 0, 7, 0, 0, 0));
  const recorder = new Recorder(gpu.capabilities), ring = allocMetricRing(recorder);
  const sources = { values, gradients, target: averages };
  const tables = recordUpdateMetrics(
    recorder,
    sources,
    step.tensor,
    ring,
    figuresFrom("gradientNorm"),
    lossScale.state,
  );
  const plan = await recorder.compile(pipelines);
  for (const buffer of plan.buffers) {
    device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc07fc0));
  }
  tables.writeTables(device);
  step.write({ lr: 0, slot: 5, tau: 1 });
  plan.replay();
  const [actual] = await readStepMetrics(device, ring, 5, 6), dispatches = plan.dispatches.length;
  for (const part of [plan, values, gradients, averages, lossScale, step]) part.destroy();
  const expected = {
    gradientNorm: norm(flat.g),
    parameterNorm: norm(flat.w),
    targetDistance: norm(flat.w2.map((w, i) => w - flat.t[i])) / norm(flat.w2),
  };
  return { actual, expected, dispatches, length: flat.w.length };
}
type Norms = Pick<StepMetrics, "gradientNorm" | "parameterNorm" | "targetDistance">;
const normsOf = ({ gradientNorm, parameterNorm, targetDistance }: Norms): Norms => ({
  ...{ gradientNorm, parameterNorm, targetDistance },
});

const CASES: [shared: Shapes, own: Shapes][] = [
  [[[1]], [[1]]],
  [[[5, 3, 3, 7], [63], [64]], []],
  [[[65, 64], [129], [1]], [[4097], [3]]],
  [[[4096], [8193]], [[100, 101], [10]]],
];
for (const [shared, own] of CASES) {
  Deno.test(`norms agree with float64: ${JSON.stringify(shared)}, and ${JSON.stringify(own)} beside`, async () => {
    const { actual, expected, dispatches, length } = await figuresOf(shared, own);
    for (const [name, value] of Object.entries(expected) as [keyof Norms, number][]) {
      assertAlmostEquals(actual[name], value, value * summationError(length + 8), name);
    }
    assertEquals([actual.lossScale, actual.skippedSteps], [512, 7]);
    assertEquals(dispatches, own.length ? 3 : 2);
  });
}

Deno.test("norms are the same bits whatever a binding holds", async () => {
  const shared = [[65, 64], [129], [1]], own = [[4097], [3]];
  const whole = await figuresOf(shared, own), parts = await figuresOf(shared, own, 4 * 4224);
  assertEquals(normsOf(parts.actual), normsOf(whole.actual));
  assertEquals([whole.dispatches, parts.dispatches], [3, 4]);
});

Deno.test("the squares of scaled gradients do not overflow", async () => {
  const { actual, expected } = await figuresOf([[4096]], [], undefined, 2 ** 100);
  assertAlmostEquals(actual.gradientNorm, expected.gradientNorm, 1e-3);
});
