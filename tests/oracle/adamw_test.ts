import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { AdamWState, recordAdamWUpdate } from "../../src/optim/adamw.ts";
import { expectClose, noise, pipelines, summationError, UNIT_ROUNDOFF, type Values } from "./oracle.ts";
import { type AdamWRates, type AdamWTensor, adamWUpdate } from "./reference/adamw.ts";
import { torchCases } from "./torch_cases.ts";

interface Part {
  kind: "weight" | "bias" | "norm";
  weight: Values;
  /** Of each step. */
  gradients: Float64Array[];
}

/** Runs one update for every gradient, over all parts at once, from zero averages. */
async function onGpu(parts: Part[], rates: AdamWRates): Promise<AdamWTensor[]> {
  const { device } = pipelines, layout = new ParameterLayout();
  for (const [i, { kind, weight }] of parts.entries()) layout.add(`p${i}`, kind, weight.shape);
  const weights = new FlatBuffer(device, layout, "weights"),
    gradients = new FlatBuffer(device, layout, "gradients");
  const state = new AdamWState(device, layout, { name: "adamw", ...rates }), step = new StepParams(device);
  const recorder = new Recorder();
  for (const [i, { weight }] of parts.entries()) weights.write(`p${i}`, Float32Array.from(weight.data));
  recordAdamWUpdate(recorder, state, weights, gradients, step.tensor);
  const plan = await recorder.compile(pipelines);
  for (let k = 0; k < parts[0].gradients.length; k++) {
    for (const [i, part] of parts.entries()) gradients.write(`p${i}`, Float32Array.from(part.gradients[k]));
    step.write({ lr: rates.learningRate, slot: 0, tau: 1 });
    plan.replay();
  }
  const read = async (flat: FlatBuffer, i: number) =>
    Float64Array.from(await readFloats(device, flat.view(`p${i}`)));
  const results = await Promise.all(parts.map(async (_, i) => ({
    weight: await read(weights, i),
    mean: await read(state.mean, i),
    square: await read(state.square, i),
  })));
  plan.destroy();
  state.destroy();
  return results;
}

function onCpu({ kind, weight, gradients }: Part, rates: AdamWRates): AdamWTensor {
  const zero = () => new Float64Array(weight.data.length);
  let tensor: AdamWTensor = { weight: weight.data, mean: zero(), square: zero() };
  for (const [k, gradient] of gradients.entries()) {
    tensor = adamWUpdate(tensor, gradient, k + 1, rates, kind !== "weight");
  }
  return tensor;
}

/**
 * The averages take four roundings a step, of terms no larger than the largest gradient (or its square). A step of the
 * weight is at most a few rates long, a quotient of the averages; it and the decay round the weight itself.
 */
function compare(
  what: string,
  actual: AdamWTensor,
  expected: AdamWTensor,
  part: Part,
  rates: AdamWRates,
): void {
  const steps = part.gradients.length, rtol = summationError(4 * steps);
  const most = part.weight.data.map((_, i) => Math.max(...part.gradients.map((g) => Math.abs(g[i]))));
  expectClose(`${what}: mean`, actual.mean, expected.mean, rtol, most);
  expectClose(`${what}: square`, actual.square, expected.square, rtol, expected.square);
  const scale = part.weight.data.map((w) => Math.abs(w) * 3 * steps * UNIT_ROUNDOFF);
  const moved = rates.learningRate * steps * 10 * summationError(4 * steps);
  expectClose(`${what}: weight`, actual.weight, expected.weight, 1, scale.map((s) => s + moved));
}

const RATES = { learningRate: 2e-3, weightDecay: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const part = (kind: Part["kind"], shape: number[], seed: number, steps = 6): Part => ({
  kind,
  weight: noise(shape, seed),
  gradients: Array.from(
    { length: steps },
    (_, k) => noise(shape, 100 * seed + k, { std: 0.3 ** k, mean: 0.1 }).data,
  ),
});

for (
  const [name, change] of [["torch's rates", {}], ["no averages", {
    beta1: 0,
    beta2: 0,
    epsilon: 1e-3,
  }]] as const
) {
  Deno.test(`adamw agrees with float64 over six steps, many parameters of odd sizes at once, ${name}`, async () => {
    const parts = [
      part("weight", [5, 3, 3, 7], 1),
      part("norm", [5], 2),
      part("bias", [63], 3),
      part("weight", [1], 4),
      part("weight", [65, 64], 5),
      part("norm", [129], 6),
    ];
    const still = part("weight", [10], 7); // without a gradient only the decay moves a weight
    for (const gradient of still.gradients) gradient.fill(0);
    parts.push(still);
    const rates = { ...RATES, ...change }, actual = await onGpu(parts, rates);
    for (const [i, p] of parts.entries()) compare(`part ${i}`, actual[i], onCpu(p, rates), p, rates);
  });
}

for (const { index, tensors: t, params: { decay } } of torchCases("adamw")) {
  Deno.test(`adamw agrees with PyTorch, case ${index}`, async () => {
    const [steps] = t.gradients.shape, length = t.weight.data.length;
    const rates = { ...RATES, learningRate: 3e-3, weightDecay: decay };
    const gradients = Array.from(
      { length: steps },
      (_, k) => t.gradients.data.subarray(k * length, (k + 1) * length),
    );
    const given: Part = { kind: "weight", weight: t.weight, gradients };
    const expected = { weight: t.weightAfter.data, mean: t.mean.data, square: t.square.data };
    const reference = onCpu(given, rates);
    for (const name of ["weight", "mean", "square"] as const) {
      expectClose(`the reference's ${name}`, reference[name], expected[name], 1e-9);
    }
    const [actual] = await onGpu([given], rates);
    compare("PyTorch", actual, expected, given, rates);
  });
}
