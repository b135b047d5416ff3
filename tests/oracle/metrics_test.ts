import { assertAlmostEquals, assertEquals } from "@std/assert";
import { METRIC_SLOTS, readStepMetrics, recordStepMetrics } from "../../src/byol/metrics.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import { noise, pipelines, summationError, upload } from "./oracle.ts";

for (const [rows, D] of [[2, 1], [4, 3], [10, 33], [64, 130]]) {
  Deno.test(`step_metrics agrees with float64 at ${rows}x${D}, in whatever slot`, async () => {
    const projection = noise([rows, D], 1), rowLoss = noise([rows], 2, { mean: 2 }), N = rows / 2;
    const step = new StepParams(pipelines.device), recorder = new Recorder();
    const lossScale = LossScale.dynamic(pipelines.device, { initial: 512 });
    lossScale.write(Float32Array.of(512, 1 / 1024, 0, 0, 7, 0, 0, 0));
    const ring = recordStepMetrics(
      recorder,
      upload(rowLoss),
      upload(projection),
      step.tensor,
      lossScale.state,
    );
    const plan = await recorder.compile(pipelines), k = METRIC_SLOTS + 3;
    step.write({ lr: 0, slot: k % METRIC_SLOTS, tau: 1 });
    plan.replay();
    const [{ loss, projectionStd, ...scaling }] = await readStepMetrics(pipelines.device, ring, k, k + 1);

    assertEquals(scaling, { lossScale: 512, skippedSteps: 7 });
    let deviations = 0;
    for (let d = 0; d < D; d++) {
      const unit = Array.from({ length: N }, (_, n) => {
        const row = projection.data.subarray(n * D, (n + 1) * D);
        return row[d] / Math.hypot(...row);
      });
      const mean = unit.reduce((a, b) => a + b, 0) / N;
      deviations += Math.sqrt(unit.reduce((sum, u) => sum + (u - mean) ** 2, 0) / Math.max(1, N - 1));
    }
    assertAlmostEquals(projectionStd, deviations / D, summationError(D + N + 8));
    const sum = rowLoss.data.reduce((a, b) => a + Math.abs(b), 0);
    assertAlmostEquals(
      loss,
      rowLoss.data.reduce((a, b) => a + b, 0) / N,
      (summationError(rows + 1) * sum) / N,
    );
  });
}
