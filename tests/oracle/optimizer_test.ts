import { assertEquals, assertThrows } from "@std/assert";
import { recordEma } from "../../src/byol/ema.ts";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import { readback } from "../../src/gpu/readback.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { LossScale, recordLossScaleCheck } from "../../src/optim/loss_scale.ts";
import { createOptimizer, type OptimizerOptions, recordOptimizerUpdate } from "../../src/optim/optimizer.ts";
import { noise, pipelines } from "./oracle.ts";

const { device } = pipelines;
const ADAMW = { name: "adamw", weightDecay: 0.05, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
const OPTIONS: OptimizerOptions[] = [
  { name: "sgd", weightDecay: 0.01, momentum: 0.9, trustCoefficient: 1e-3 },
  { name: "lars", weightDecay: 0.01, momentum: 0.9, trustCoefficient: 1e-3 },
  ADAMW,
];
/** Weights of many chunks and of one, and what decay and LARS leave alone; the last is the online network's only. */
const PARAMETERS = [["weight", [3, 3000]], ["norm", [129]], ["bias", [64]], ["weight", [1]], [
  "weight",
  [65, 63],
], ["weight", [4097]]] as const;
const SHARED = 5;
/** Of the largest parameter: so there are two parts. */
const SMALL_BINDING = 4 * 9024;

/** All that training changes, under one optimiser and the moving average, and a replay of an update. */
async function training(options: OptimizerOptions, lossScale?: LossScale, maxBindingBytes?: number) {
  const layouts = [PARAMETERS, PARAMETERS.slice(0, SHARED)].map((parameters) => {
    const layout = new ParameterLayout();
    for (const [i, [kind, shape]] of parameters.entries()) layout.add(`p${i}`, kind, shape);
    return layout;
  });
  const flat = (layout: ParameterLayout, label: string) =>
    new FlatBuffer(device, layout, label, maxBindingBytes);
  const weights = flat(layouts[0], "weights"),
    gradients = flat(layouts[0], "gradients"),
    target = flat(layouts[1], "target");
  const optimizer = createOptimizer(device, layouts[0], options, maxBindingBytes),
    step = new StepParams(device);
  const write = (buffer: FlatBuffer, seed: number, scale = 1) => {
    for (const [i, { name, shape }] of buffer.layout.slots.entries()) {
      buffer.write(name, Float32Array.from(noise(shape, seed + i).data, (v) => scale * v));
    }
  };
  write(weights, 10);
  write(target, 20);
  const recorder = new Recorder();
  if (lossScale) recordLossScaleCheck(recorder, lossScale, gradients);
  recordOptimizerUpdate(recorder, optimizer, weights, gradients, step.tensor, lossScale?.state);
  recordEma(recorder, weights, target, step.tensor, lossScale?.state);
  const plan = await recorder.compile(pipelines);
  const kept = [weights, target, ...optimizer.buffers.map(([, buffer]) => buffer)];
  return {
    plan,
    gradients,
    optimizer,
    /** One step with the gradients of step `k`, multiplied by `scale`, the last one overwritten by `last`. */
    step(k: number, scale = 1, last?: number) {
      write(gradients, 100 * (k + 1), scale);
      if (last !== undefined) gradients.write("p5", new Float32Array(4097).fill(last, 4096));
      step.write({ lr: 0.1 / (k + 1), slot: 0, tau: 0.9 });
      plan.replay();
    },
    /** The bits of all that a skipped step must leave alone. */
    bits: async () =>
      (await readback(device, kept.map(({ all }) => all))).map((part) => [...new Uint32Array(part)]),
    destroy() {
      for (const owner of [plan, optimizer, weights, gradients, target, step]) owner.destroy();
    },
  };
}
async function bitsAfter(run: Awaited<ReturnType<typeof training>>, steps: number, scale?: number) {
  for (let k = 0; k < steps; k++) run.step(k, scale);
  const bits = await run.bits();
  run.destroy();
  return bits;
}

for (const options of OPTIONS) {
  const { name } = options;

  Deno.test(`${name}: in parts, every step is bit for bit that of one part`, async () => {
    const whole = await training(options), parts = await training(options, undefined, SMALL_BINDING);
    const each = name === "lars" ? 3 : 1, once = name === "adamw" ? 1 : 0; // dispatches; and the average's
    assertEquals(whole.plan.dispatches.length, once + each + 1);
    assertEquals(parts.plan.dispatches.length, once + 2 * each + 2);
    assertEquals(await bitsAfter(parts, 3), await bitsAfter(whole, 3));
  });

  Deno.test(`${name}: gradients of a scaled loss make the same update, bit for bit`, async () => {
    const plain = await bitsAfter(await training(options), 3);
    for (const initial of [1, 2 ** 16, 2 ** 24]) {
      const scaled = LossScale.dynamic(device, { initial, growthInterval: 1000 });
      assertEquals(await bitsAfter(await training(options, scaled, SMALL_BINDING), 3, initial), plain);
      scaled.destroy();
    }
    assertEquals(await bitsAfter(await training(options, LossScale.none(device)), 3), plain);
  });

  Deno.test(`${name}: a step whose gradients are not finite leaves everything as it was, and is as if it had not been`, async () => {
    const scale = 2 ** 10, lossScale = LossScale.dynamic(device, { initial: scale });
    const run = await training(options, lossScale);
    run.step(0, scale);
    const before = await run.bits();
    for (const [i, bad] of [Infinity, NaN, -Infinity].entries()) {
      run.step(5, scale, bad);
      assertEquals(await run.bits(), before);
      const [state] = await readback(device, [lossScale.state]);
      const [now, invScale, finite, good, skipped] = new Float32Array(state);
      assertEquals([now, invScale, finite, good, skipped], [
        scale / 2 ** (i + 1),
        2 ** i / scale,
        0,
        0,
        i + 1,
      ]);
    }
    run.step(1, scale / 8);
    assertEquals(await run.bits(), await bitsAfter(await training(options), 2));
    run.destroy();
  });
}

Deno.test("what an optimiser keeps is called what torch calls it", () => {
  const layout = new ParameterLayout();
  layout.add("fc.weight", "weight", [2, 3]);
  const names = OPTIONS.map((options) =>
    createOptimizer(device, layout, options).buffers.flatMap(([prefix, { layout }]) =>
      layout.slots.map(({ name }) => prefix + name)
    )
  );
  assertEquals(names, [["momentum.fc.weight"], ["momentum.fc.weight"], [
    "exp_avg.fc.weight",
    "exp_avg_sq.fc.weight",
    "step",
  ]]);
});

Deno.test("an optimiser refuses a parameter that no binding holds, and AdamW averages without end", () => {
  const layout = new ParameterLayout();
  layout.add("small", "weight", [2]);
  layout.add("large", "weight", [1000]);
  for (const options of OPTIONS) {
    assertThrows(() => createOptimizer(device, layout, options, 1024), RangeError, "parameter large");
  }
  for (const beta of [-0.1, 1, 0.999999, NaN]) {
    assertThrows(() => createOptimizer(device, layout, { ...ADAMW, beta2: beta }), RangeError, `got ${beta}`);
  }
});
