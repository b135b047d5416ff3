import { assertAlmostEquals, assertEquals } from "@std/assert";
import { allocMetricRing, readStepMetrics, recordStepMetrics } from "../../src/byol/metrics.ts";
import { METRIC_SLOTS } from "../../src/training/figure_ring.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import {
  gpu,
  noise,
  pipelines,
  stored,
  summationError,
  testInEachType,
  upload,
  type Values,
} from "./oracle.ts";
import { stepMetrics } from "./reference/step_metrics.ts";

/** Every third dimension is 0 in all rows; every fifth in all but the last one, of view 2. */
function embeddingOf(rows: number, dim: number, seed: number): Values {
  const values = noise([rows, dim], seed);
  values.data.forEach((v, i) => {
    const d = i % dim, last = i >= (rows - 1) * dim;
    if (d % 3 === 0) values.data[i] = 0;
    else if (d % 5 === 0) values.data[i] = last ? 1 : 0;
    else values.data[i] = Math.abs(v) + 1e-3;
  });
  return values;
}

for (
  const [rows, D, dim] of [[2, 1, 1], [2, 3, 5], [4, 3, 64], [10, 33, 65], [64, 130, 130], [180, 257, 515]]
) {
  testInEachType(`step_metrics agrees with float64 at ${rows}x${D}, ${dim} features`, async (elem) => {
    const N = rows / 2, k = METRIC_SLOTS + 3, MICRO = 3, step = new StepParams(pipelines.device);
    const micros = Array.from({ length: MICRO }, (_, m) => ({
      rowLoss: noise([rows], 10 * m + 1, { mean: 2 }),
      projection: stored(noise([rows, D], 10 * m + 2, { mean: 0.5 }), elem),
      targetProjection: stored(noise([rows, D], 10 * m + 4, { mean: 0.4 }), elem),
      embedding: stored(embeddingOf(rows, dim, 10 * m + 3), elem),
    }));
    // One plan that is replayed for each, as a step's is; what it reads is overwritten in between.
    const recorder = new Recorder(gpu.capabilities), ring = allocMetricRing(recorder), [first] = micros;
    const inputs = {
      rowLoss: upload(first.rowLoss),
      projection: upload(first.projection, "projection", elem),
      targetProjection: upload(first.targetProjection, "target_projection", elem),
      embedding: upload(first.embedding, "embedding", elem),
    };
    recordStepMetrics(recorder, { ...inputs, step: step.tensor, ring }, MICRO);
    const plan = await recorder.compile(pipelines), { queue } = gpu.device;
    for (const buffer of plan.buffers) {
      queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(0x7fc07fc0));
    }
    for (const [m, values] of micros.entries()) {
      for (const name of ["rowLoss", "projection", "targetProjection", "embedding"] as const) {
        const type = name === "rowLoss" ? "f32" : elem,
          given = upload(values[name], name, type).storage!.buffer;
        const encoder = gpu.device.createCommandEncoder({ label: "copy" });
        encoder.copyBufferToBuffer(given, 0, inputs[name].storage!.buffer, 0, given.size);
        queue.submit([encoder.finish()]);
      }
      step.write({ lr: 0, slot: k % METRIC_SLOTS, tau: 1, micro: m });
      plan.replay();
    }
    const [actual] = await readStepMetrics(pipelines.device, ring, k, k + 1);
    const truths = micros.map(({ rowLoss, projection, targetProjection, embedding }) =>
      stepMetrics({ N, D, dim }, rowLoss.data, projection.data, targetProjection.data, embedding.data)
    );
    const sumOfLosses = micros.reduce(
      (s, { rowLoss }) => s + rowLoss.data.reduce((a, b) => a + Math.abs(b), 0),
      0,
    );
    for (const name of Object.keys(truths[0]) as (keyof typeof truths[0])[]) {
      const expected = truths.reduce((s, truth) => s + truth[name], 0) / MICRO;
      const scale = name.startsWith("loss") ? sumOfLosses / N / MICRO : name === "meanCosine" ? 2 : 1;
      assertAlmostEquals(actual[name], expected, summationError(rows + D + dim + 8) * scale, name);
    }
    assertEquals("probeLoss" in actual, false);
    plan.destroy();
    step.destroy();
  });
}
