import { assert, assertEquals } from "@std/assert";
import { targetDecay } from "../../src/byol/ema.ts";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import type { StepMetrics } from "../../src/byol/metrics.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import { learningRate } from "../../src/optim/schedule.ts";
import { matrixUnits } from "./matrix_units.ts";
import { noise, normError, pipelines, upload, type Values } from "./oracle.ts";

const { device, capabilities } = pipelines;
const ignore = !capabilities.shaderF16;
const skipped = ignore ? " (skipped: this adapter has no shader-f16)" : "";

const HEADS = { projector: { hidden: 64, out: 32 }, predictor: { hidden: 64 } };
const LARS = { name: "lars", weightDecay: 1e-6, momentum: 0.9, trustCoefficient: 1e-3 } as const;

/** Steps of BYOL over one batch, from the same weights. */
async function train(
  elem: Elem,
  views: Values,
  lossScale: LossScale,
  { total = 10, on = pipelines } = {},
): Promise<{ steps: StepMetrics[]; before: NamedTensors; after: NamedTensors }> {
  const state = new ByolState(device, { arch: "cifar_resnet8", ...HEADS }, LARS, lossScale);
  state.initialize(11);
  const before = (await state.read(0)).trainingState;
  const x = upload(views, "views", elem), step = await ByolStep.compile(on, state, () => x);
  for (let k = 0; k < total; k++) {
    step.run(k, { lr: learningRate(k, 2 * total, 2, 0.5), tau: targetDecay(k, 2 * total, 0.9) });
  }
  const steps = await step.metrics(0, total), after = (await state.read(total)).trainingState;
  step.destroy();
  state.destroy();
  return { steps, before, after };
}
/** Two views that share most of an image, as augmentations do: the loss then falls from step to step. */
function similarViews(N: number, px: number): Values {
  const image = noise([N, px, px, 3], 1), change = noise([2 * N, px, px, 3], 2, { std: 0.3 });
  return {
    shape: change.shape,
    data: change.data.map((v, i) => Math.fround(v + image.data[i % image.data.length])),
  };
}

/** The adapter's own choice, and by one kind of matrices: the adapter's, or NVIDIA's. */
const WAYS = [
  { name: "mixed precision", on: pipelines },
  ...matrixUnits().slice(0, 1).map((units) => ({
    name: `products of matrices, ${units.name},`,
    on: units.pipelines(),
  })),
];
for (const { name, on } of WAYS) {
  Deno.test({
    name: `ten steps' losses in ${name} are within 1 % of f32's, and none is skipped${skipped}`,
    ignore,
    fn: async () => {
      const views = similarViews(32, 16);
      const f32 = await train("f32", views, LossScale.none(device));
      const mixed = await train("f16", views, LossScale.dynamic(device), { on });
      for (const [k, { loss, skippedSteps, lossScale }] of mixed.steps.entries()) {
        const expected = f32.steps[k].loss, error = Math.abs(loss - expected) / expected;
        assert(error <= 0.01, `step ${k}: ${loss} in mixed precision, ${expected} in f32`);
        assertEquals([skippedSteps, lossScale], [0, 2 ** 16]);
      }
      assert(f32.steps[9].loss < 0.95 * f32.steps[0].loss, "the losses do not move: this test shows nothing");
      for (const [name, { data }] of mixed.after) {
        assert(Array.from(data, Number).every(Number.isFinite), `${name} is not finite`);
      }
    },
  });
}

Deno.test({
  name: `a step whose f16 gradients overflow changes no weight, and is counted${skipped}`,
  ignore,
  fn: async () => {
    // The last convolutions' gradients, times 2^24, exceed f16's 65,504.
    const { steps, before, after } = await train(
      "f16",
      similarViews(2, 16),
      LossScale.dynamic(device, { initial: 2 ** 24 }),
      { total: 20 },
    );
    const skippedSteps = steps.map((step) => step.skippedSteps);
    assert(skippedSteps[0] === 1, `no step was skipped: ${skippedSteps}`);
    assert(
      steps.every(({ loss, lossScale }, k) =>
        Number.isFinite(loss) && lossScale === 2 ** (24 - skippedSteps[k])
      ),
    );
    assert(skippedSteps[19] < 20, "no step was taken: the scale does not come down far enough");
    for (const [name, { data }] of after) {
      assert(Array.from(data, Number).every(Number.isFinite), `${name} is not finite`);
    }
    const moved = "online.encoder.conv1.weight";
    assert(normError(after.get(moved)!.data as Float32Array, before.get(moved)!.data as Float32Array) > 0);
  },
});
