import { assertEquals } from "@std/assert";
import { summarize } from "../../../src/byol/figures.ts";
import type { StepMetrics } from "../../../src/byol/metrics.ts";

const step = (more: Partial<StepMetrics>): StepMetrics => ({
  ...{
    loss: 2,
    lossView1: 1,
    lossView2: 1,
    projectionStd: 0.1,
    meanCosine: 0,
    deadFeatures: 0,
    gradientNorm: 1,
  },
  ...{ parameterNorm: 10, targetDistance: 0.1, targetCosine: 0.9, lossScale: 1, skippedSteps: 0 },
  ...more,
});

Deno.test("summarize() takes means of figures, and the last of what stands for where the run is", () => {
  const row = summarize([step({}), step({ loss: 4, parameterNorm: 12, gradientNorm: 3 })], {
    precision: "f32",
  });
  assertEquals(row, {
    ...{ loss: 3, loss_view1: 1, loss_view2: 1, projection_std: 0.1, mean_cosine: 0, dead_features: 0 },
    ...{ gradient_norm: 2, parameter_norm: 12, target_distance: 0.1, target_cosine: 0.9 },
  });
});

Deno.test("summarize() leaves a skipped step's gradients out, and tells of the loss scale in mixed precision", () => {
  const skipped = step({ gradientNorm: Infinity, lossScale: 2 ** 15, skippedSteps: 1 });
  const mixed = (steps: StepMetrics[]) => {
    const { gradient_norm, loss_scale, skipped_steps } = summarize(steps, { precision: "mixed" });
    return [gradient_norm, loss_scale, skipped_steps];
  };
  assertEquals(mixed([step({ gradientNorm: 5, lossScale: 2 ** 16 }), skipped]), [5, 2 ** 15, 1]);
  assertEquals(mixed([skipped]), [undefined, 2 ** 15, 1]);
});
