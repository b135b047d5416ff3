import { assert, assertEquals } from "@std/assert";
import { targetDecay } from "../../src/byol/ema.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import type { OptimizerOptions } from "../../src/optim/optimizer.ts";
import { learningRate } from "../../src/optim/schedule.ts";
import { channelsLast, goldenJson, goldenTensors } from "./golden.ts";
import { noise, normError, pipelines, upload } from "./oracle.ts";

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
