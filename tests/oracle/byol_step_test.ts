import { assert, assertEquals } from "@std/assert";
import { targetDecay } from "../../src/byol/ema.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep, type StepOptions } from "../../src/byol/step.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import type { OptimizerOptions } from "../../src/optim/optimizer.ts";
import { learningRate } from "../../src/optim/schedule.ts";
import { channelsLast, goldenJson, goldenTensors } from "./golden.ts";
import { noise, normError, pipelines, upload } from "./oracle.ts";
import { norm } from "./reference/step_metrics.ts";

/** What the golden run and ours may differ by, of each tensor's norm: f32 against float64 over ten steps. */
const TOLERANCE = 1e-4;

/** What a golden run's optimiser is called here. */
function optimizerOf(
  { name, weight_decay: weightDecay, momentum, trust_coefficient: trustCoefficient, betas, eps: epsilon }: {
    name: "lars" | "sgd" | "adamw";
    weight_decay: number;
    momentum: number;
    trust_coefficient: number;
    betas: [number, number];
    eps: number;
  },
): OptimizerOptions {
  if (name === "adamw") return { name, weightDecay, beta1: betas[0], beta2: betas[1], epsilon };
  return { name, weightDecay, momentum, trustCoefficient };
}

for (const name of ["lars", "sgd", "adamw"] as const) {
  Deno.test(`ten BYOL steps of a tiny net agree with PyTorch: ${name}`, async () => {
    const run = goldenJson(`byol_${name}`),
      start = goldenTensors("byol_initial"),
      end = goldenTensors(`byol_${name}`);
    const state = new ByolState(pipelines.device, run, optimizerOf(run.optimizer));
    state.load(start);
    const [view1, view2] = ["view1", "view2"].map((view) => {
      const { shape, data } = start.get(view)!;
      return channelsLast(shape, Float64Array.from(data as Float32Array));
    });
    const [N, ...image] = view1.shape;
    const x = upload(
      { shape: [2 * N, ...image], data: Float64Array.from([...view1.data, ...view2.data]) },
      "views",
    );
    const step = await ByolStep.compile(pipelines, state, () => x);
    for (let k = 0; k < run.steps.length; k++) {
      step.run(k, {
        lr: learningRate(k, run.total_steps, run.warmup_steps, run.peak_lr),
        tau: targetDecay(k, run.total_steps, run.tau),
      });
    }
    for (const [k, { loss }] of (await step.metrics(0, run.steps.length)).entries()) {
      const error = Math.abs(loss - run.steps[k].loss) / run.steps[k].loss;
      assert(error <= TOLERANCE, `loss of step ${k} is ${loss}, PyTorch has ${run.steps[k].loss}`);
    }
    const { trainingState } = await state.read(run.steps.length);
    let compared = 0;
    for (const [tensor, { data }] of end) {
      // A bias before BatchNorm has no gradient: its momentum is rounding noise, in PyTorch too.
      if (tensor.endsWith("num_batches_tracked") || run.zero_momentum.includes(tensor)) continue;
      const error = normError(trainingState.get(tensor)!.data as Float32Array, data as Float32Array);
      assert(error <= TOLERANCE, `${tensor} differs by ${error} of its norm`);
      compared++;
    }
    assert(compared > 100, `only ${compared} tensors were compared`);
    step.destroy();
    state.destroy();
  });
}

Deno.test("five BYOL steps of two micro-batches agree with PyTorch", async () => {
  const run = goldenJson("byol_lars_micro"),
    start = goldenTensors("byol_initial"),
    end = goldenTensors("byol_lars_micro"),
    { micro_batches: microBatches, batch } = run;
  const state = new ByolState(pipelines.device, run, optimizerOf(run.optimizer)), N = batch / microBatches;
  state.load(start);
  const images = ["view1", "view2"].map((view) => {
    const { shape, data } = start.get(view)!;
    return channelsLast(shape, Float64Array.from(data as Float32Array));
  });
  const [, ...image] = images[0].shape, length = image.reduce((a, b) => a * b, 1);
  const x = upload(noise([2 * N, ...image], 1), "views"); // overwritten before it is read
  const step = await ByolStep.compile(pipelines, state, () => x, { microBatches });
  const written: number[] = [];
  for (let k = 0; k < run.steps.length; k++) {
    const { lr, tau } = run.steps[k];
    step.run(k, { lr, tau }, (m) => {
      const views = images.flatMap(({ data }) => [...data.subarray(m * N * length, (m + 1) * N * length)]);
      pipelines.device.queue.writeBuffer(x.storage!.buffer, 0, Float32Array.from(views));
      written.push(m);
    });
  }
  assertEquals(written, run.steps.flatMap(() => [0, 1]));
  for (const [k, { loss }] of (await step.metrics(0, run.steps.length)).entries()) {
    const error = Math.abs(loss - run.steps[k].loss) / run.steps[k].loss;
    assert(error <= TOLERANCE, `loss of step ${k} is ${loss}, PyTorch has ${run.steps[k].loss}`);
  }
  const { trainingState, model } = await state.read(run.steps.length, microBatches);
  let compared = 0;
  for (const [tensor, { data }] of end) {
    if (run.zero_momentum.includes(tensor)) continue;
    if (tensor.endsWith("num_batches_tracked")) {
      if (!tensor.startsWith("online.encoder.")) continue;
      assertEquals(model.get(tensor.slice("online.encoder.".length))!.data, data);
    } else {
      const error = normError(trainingState.get(tensor)!.data as Float32Array, data as Float32Array);
      assert(error <= TOLERANCE, `${tensor} differs by ${error} of its norm`);
    }
    compared++;
  }
  assert(compared > 80, `only ${compared} tensors were compared`);
  assertEquals((await step.readEmbeddings()).rows, batch * run.steps.length);
  step.destroy();
  state.destroy();
});

/** Two steps from one seed, with the options' part of the state before and after. */
async function stepsWith(options: StepOptions) {
  const config = { arch: "cifar_resnet8", projector: { hidden: 5, out: 3 }, predictor: { hidden: 7 } };
  const optimizer = { name: "sgd", weightDecay: 0, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const state = new ByolState(pipelines.device, config, optimizer), rates = { lr: 0.1, tau: 0.5 };
  state.initialize(11);
  const before = (await state.read(0)).trainingState, views = upload(noise([2 * 4, 9, 7, 3], 5), "views");
  const step = await ByolStep.compile(pipelines, state, () => views, options);
  for (let k = 0; k < 2; k++) step.run(k, rates);
  const figures = await step.metrics(0, 2), after = (await state.read(2)).trainingState;
  step.destroy();
  state.destroy();
  const moved = [...before].filter(([name, { data }]) =>
    !name.startsWith("optimizer.") && !data.every((v, i) => v === after.get(name)!.data[i])
  ).map(([name]) => name);
  return { figures, moved, names: [...before.keys()] };
}

Deno.test("without a target that moves only its statistics do; without a predictor that stays as it was", async () => {
  const whole = await stepsWith({}), frozen = await stepsWith({ ablation: "frozen-target" });
  const isTarget = (name: string) => name.startsWith("target.") && !name.includes("running_");
  assert(whole.moved.some(isTarget) && whole.moved.includes("online.predictor.3.weight"));
  assertEquals(frozen.moved.filter(isTarget), []);
  assert(frozen.moved.includes("online.encoder.conv1.weight"));
  assert(frozen.figures[1].targetDistance > whole.figures[1].targetDistance);

  const bare = await stepsWith({ ablation: "no-predictor" });
  assertEquals(bare.moved.filter((name) => name.startsWith("online.predictor")), []);
  assert(bare.moved.includes("online.encoder.conv1.weight"));
  // Before any update the target is a copy of the online network, so each view's loss is the other's.
  const { lossView1, lossView2 } = bare.figures[0];
  assert(Math.abs(lossView1 - lossView2) < 1e-6, `${lossView1} and ${lossView2}`);
});

Deno.test("a step's norms are those of what is read back", async () => {
  const config = { arch: "cifar_resnet8", projector: { hidden: 5, out: 3 }, predictor: { hidden: 7 } };
  // One step from zero momentum: what is kept is the gradient itself.
  const optimizer = { name: "sgd", weightDecay: 0, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const state = new ByolState(pipelines.device, config, optimizer);
  state.initialize(11);
  const views = upload(noise([2 * 4, 9, 7, 3], 5), "views");
  const step = await ByolStep.compile(pipelines, state, () => views);
  step.run(0, { lr: 0.1, tau: 0.5 });
  const [figures] = await step.metrics(0, 1), { trainingState } = await state.read(1);
  const all = (prefix: string) =>
    [...trainingState].filter(([name]) => name.startsWith(prefix) && !name.includes("running_"));
  const flat = (tensors: [string, { data: ArrayLike<number | bigint> }][]) =>
    tensors.flatMap(([, { data }]) => Array.from(data, Number));
  const shared = all("target."),
    online = shared.map(([name]) => {
      const twin = name.replace("target.", "online.");
      return [twin, trainingState.get(twin)!] as [string, { data: ArrayLike<number | bigint> }];
    });
  const theta = flat(online), xi = flat(shared);
  const expected = {
    gradientNorm: norm(flat(all("optimizer.momentum."))),
    parameterNorm: norm(flat(all("online."))),
    targetDistance: norm(theta.map((v, i) => v - xi[i])) / norm(theta),
  };
  for (const [name, value] of Object.entries(expected) as [keyof typeof expected, number][]) {
    const error = Math.abs(figures[name] - value) / value;
    assert(error <= 1e-5, `${name} is ${figures[name]}, expected ${value}`);
  }
  step.destroy();
  state.destroy();
});

Deno.test("a step's memory is within a tenth of what is alive at once", async () => {
  const config = { arch: "cifar_resnet20", projector: { hidden: 64, out: 32 }, predictor: { hidden: 64 } };
  const optimizer = { name: "sgd", weightDecay: 0, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const state = new ByolState(pipelines.device, config, optimizer);
  const views = upload(noise([16, 32, 32, 3], 1), "views");
  const step = await ByolStep.compile(pipelines, state, () => views);
  const { bytes, peakBytes } = step.memory;
  assert(bytes <= 1.1 * peakBytes, `${bytes} bytes are allocated, ${peakBytes} alive at once`);
  const buffers = step.allPlans.flatMap((plan) => plan.buffers);
  assert(buffers.reduce((sum, { size }) => sum + size, 0) === bytes);
  step.destroy();
  state.destroy();
});

const KINDS = [
  { name: "lars", weightDecay: 1e-3, momentum: 0.9, trustCoefficient: 1e-3 },
  { name: "adamw", weightDecay: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 },
] as const;
for (const optimizer of KINDS) {
  Deno.test(`a state that is read and loaded again goes on bit for bit: ${optimizer.name}`, async () => {
    const config = { arch: "cifar_resnet8", projector: { hidden: 5, out: 3 }, predictor: { hidden: 7 } };
    const views = upload(noise([2 * 3, 9, 7, 3], 5), "views"), { device } = pipelines;
    const train = async (start: NamedTensors | undefined, from: number, to: number) => {
      // Gradients of a loss that is not scaled are checked all the same, and the scale stays 1.
      const lossScale = LossScale.dynamic(device, { initial: 1 });
      const state = new ByolState(device, config, optimizer, lossScale);
      if (start) state.load(start);
      else state.initialize(11);
      const step = await ByolStep.compile(pipelines, state, () => views);
      for (let k = from; k < to; k++) step.run(k, { lr: 1e-3, tau: 0.9 });
      const tensors = await state.read(to);
      step.destroy();
      state.destroy();
      return tensors;
    };
    const { trainingState: half } = await train(undefined, 0, 2);
    const { trainingState: resumed } = await train(half, 2, 4);
    const { trainingState: whole, model } = await train(undefined, 0, 4);
    assertEquals([...whole.get("loss_scale")!.data], [1, 1, 1, 4, 0, 0, 0, 0]);
    assertEquals([...resumed.keys()], [...whole.keys()]);
    for (const [name, { data }] of resumed) {
      assert(data.every((v, i) => v === whole.get(name)!.data[i]), name);
    }
    for (const [name, { data }] of model) {
      if (name.endsWith("num_batches_tracked")) continue;
      assert(data.every((v, i) => v === whole.get(`online.encoder.${name}`)!.data[i]), name);
    }
  });
}
