import { assert, assertEquals } from "@std/assert";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { type MomentumOptions, MomentumState, recordMomentumUpdate } from "../../src/optim/momentum.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import type { Tensor } from "../../src/gpu/tensor.ts";
import { goldenCases } from "./golden.ts";
import { expectClose, noise, pipelines, summationError, type Values } from "./oracle.ts";
import { larsUpdate, sgdUpdate } from "./reference/momentum.ts";

interface Part {
  kind: "weight" | "bias" | "norm";
  weight: Values;
  gradient: Values;
  momentum: Values;
}
interface Rates {
  learningRate: number;
  weightDecay: number;
  momentum: number;
  trustCoefficient: number;
}

/** Runs `steps` updates over all parts at once; gives each part's weight and momentum. */
async function onGpu(
  name: "lars" | "sgd",
  parts: Part[],
  rates: Rates & Partial<MomentumOptions>,
  steps: number,
  control?: Tensor,
) {
  const { device } = pipelines, layout = new ParameterLayout();
  for (const [i, { kind, weight }] of parts.entries()) layout.add(`p${i}`, kind, weight.shape);
  const weights = new FlatBuffer(device, layout, "weights"),
    gradients = new FlatBuffer(device, layout, "gradients");
  const state = new MomentumState(device, layout, { name, ...rates }),
    step = new StepParams(device),
    recorder = new Recorder();
  for (const [i, part] of parts.entries()) {
    weights.write(`p${i}`, Float32Array.from(part.weight.data));
    gradients.write(`p${i}`, Float32Array.from(part.gradient.data));
    state.momentum.write(`p${i}`, Float32Array.from(part.momentum.data));
  }
  recordMomentumUpdate(recorder, state, weights, gradients, step.tensor, control);
  const plan = await recorder.compile(pipelines);
  for (let k = 0; k < steps; k++) {
    step.write({ lr: rates.learningRate, slot: 0, tau: 1 });
    plan.replay();
  }
  return await Promise.all(parts.map(async (_, i) => ({
    weight: await readFloats(device, weights.view(`p${i}`)),
    momentum: await readFloats(device, state.momentum.view(`p${i}`)),
  })));
}

const RATES = { learningRate: 0.3, weightDecay: 0.01, momentum: 0.9, trustCoefficient: 1e-3 };
const part = (kind: Part["kind"], shape: number[], seed: number): Part => ({
  kind,
  weight: noise(shape, seed),
  gradient: noise(shape, seed + 100),
  momentum: noise(shape, seed + 200),
});

for (const [name, update] of [["lars", larsUpdate], ["sgd", sgdUpdate]] as const) {
  Deno.test(`${name} agrees with float64 over three steps, many parameters of odd sizes at once`, async () => {
    const parts = [
      part("weight", [5, 3, 3, 7], 1),
      part("norm", [5], 2),
      part("bias", [63], 3),
      part("weight", [1], 4),
      part("weight", [65, 64], 5),
      part("norm", [129], 6),
    ];
    const zero = part("weight", [10], 7); // no norm to divide by: the ratio is 1
    zero.weight.data.fill(0);
    const flat = part("weight", [9], 8);
    flat.gradient.data.fill(0);
    flat.weight.data.fill(0);
    parts.push(zero, flat);
    const actual = await onGpu(name, parts, RATES, 3);
    for (const [i, { kind, weight, gradient, momentum }] of parts.entries()) {
      let truth = { weight: weight.data, momentum: momentum.data };
      for (let k = 0; k < 3; k++) {
        truth = update(truth.weight, gradient.data, truth.momentum, RATES, kind !== "weight");
      }
      // Each step: a ratio of two norms, each a root of a sum of squares, and half a dozen roundings.
      const rtol = 3 * (summationError(weight.data.length) + summationError(8));
      expectClose(`momentum of ${i}`, actual[i].momentum, truth.momentum, rtol);
      expectClose(`weight of ${i}`, actual[i].weight, truth.weight, rtol);
    }
  });

  Deno.test(`${name} takes gradients that are not scaled as they are, whatever the loss scale`, async () => {
    const parts = [part("weight", [5, 3, 3, 7], 1), part("norm", [5], 2)];
    const lossScale = LossScale.dynamic(pipelines.device, { initial: 512 });
    lossScale.write(Float32Array.of(512, 1 / 512, 1, 0, 0, 0, 0, 0));
    const scaled = await onGpu(name, parts, { ...RATES, scaled: false }, 2, lossScale.state);
    assertEquals(scaled, await onGpu(name, parts, RATES, 2));
    lossScale.destroy();
  });

  for (const { index, params: { excluded, ...rates }, tensors: t } of goldenCases(name)) {
    Deno.test(`${name} agrees with PyTorch, case ${index}`, async () => {
      const given = {
        kind: excluded ? "norm" : "weight",
        weight: t.weight,
        gradient: t.gradient,
        momentum: t.momentum,
      };
      const [actual] = await onGpu(name, [given as Part], rates as Rates, 1);
      const rtol = summationError(t.weight.data.length) + summationError(8);
      expectClose("momentum", actual.momentum, t.momentumAfter.data, rtol);
      expectClose("weight", actual.weight, t.weightAfter.data, rtol);
    });
  }
}

Deno.test("Nesterov's momentum agrees with float64 over three steps; what is fixed does not decay", async () => {
  const parts = [part("weight", [5, 3, 3, 7], 1), part("norm", [5], 2), part("weight", [65, 64], 3)];
  const fixed = part("weight", [70], 4);
  for (const values of [fixed.gradient, fixed.momentum]) values.data.fill(0);
  const actual = await onGpu(
    "sgd",
    [...parts, fixed],
    { ...RATES, nesterov: true, fixed: (name) => name === "p3" },
    3,
  );
  for (const [i, { kind, weight, gradient, momentum }] of parts.entries()) {
    const { learningRate: lr, momentum: mu } = RATES, decay = kind === "weight" ? RATES.weightDecay : 0;
    let w = weight.data, m = momentum.data;
    for (let k = 0; k < 3; k++) {
      const g = gradient.data.map((value, j) => value + decay * w[j]);
      m = m.map((value, j) => mu * value + g[j]);
      w = w.map((value, j) => value - lr * (g[j] + mu * m[j]));
    }
    expectClose(`momentum of ${i}`, actual[i].momentum, m, 3 * summationError(8));
    expectClose(`weight of ${i}`, actual[i].weight, w, 3 * summationError(8));
  }
  assertEquals(actual[3].weight, Float32Array.from(fixed.weight.data));
});

/** Uniform in 0 … 1; quick, where millions are needed. */
function uniform(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}
type Value = (random: () => number, i: number) => number;

for (
  const [what, length, weightAt, gradientAt] of [
    ["noise", 2 ** 22, (random) => random() - 0.5, (random) => 1e-3 * (random() - 0.5)],
    ["equal values, whose roundings all go one way", 2 ** 22, () => 0.1, () => 0.3],
    ["one large value and many small", 2 ** 22, (_, i) => i ? 1e-2 : 1e3, (_, i) => i ? 1e-4 : 3],
    ["a length that fills no vector", 2 ** 22 - 3, (random) => random(), (random) => random()],
  ] as [string, number, Value, Value][]
) {
  Deno.test(`lars takes the ratio of a weight of millions to 1e-6: ${what}`, async () => {
    const random = uniform(1), rates = { ...RATES, learningRate: 0 };
    const draw = (value: Value): Values => ({
      shape: [length],
      data: Float64Array.from({ length }, (_, i) => Math.fround(value(random, i))),
    });
    const given: Part = {
      ...{ kind: "weight", weight: draw(weightAt), gradient: draw(gradientAt) },
      momentum: { shape: [length], data: new Float64Array(length) },
    };
    const [{ momentum }] = await onGpu("lars", [given], rates, 1);
    // Momentum begins at zero, so it is the gradient times the ratio: three roundings beside the ratio's error.
    const expected = larsUpdate(given.weight.data, given.gradient.data, given.momentum.data, rates, false);
    const error = Math.abs(momentum[0] / expected.momentum[0] - 1);
    assert(error <= 1e-6, `the ratio is off by ${error} of itself`);
  });
}
