/** latentd as a contender: the kernels and the step that training runs. */
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import type { Plan } from "../../src/gpu/plan.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordConv2d, recordConv2dInputGradient } from "../../src/nn/conv2d.ts";
import { recordConv2dWeightGradient } from "../../src/nn/conv2d_weight_gradient.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import { type Run, serveContender } from "./contender.ts";
import { openBench } from "./training.ts";

const { device, capabilities, pipelines } = await openBench();

function noise(label: string, shape: number[], dtype: "f32" | "f16" = "f32") {
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.random() - 0.5);
  const tensor = uploadTensor(device, label, shape, dtype);
  const bytes = new Uint8Array((dtype === "f16" ? new Float16Array(values) : values).buffer);
  device.queue.writeBuffer(tensor.storage.buffer, 0, bytes);
  return tensor;
}

const runOf = (plan: Plan): Run => ({
  enqueue: () => plan.replay(),
  wait: () => device.queue.onSubmittedWorkDone(),
});

await serveContender({
  async convolution({ N, H, C, K, R }, direction) {
    const x = noise("x", [N, H, H, C]),
      weight = noise("weight", [K, R, R, C]),
      dy = noise("dy", [N, H, H, K]);
    const options = { stride: 1, padding: R >> 1 }, recorder = new Recorder(capabilities);
    if (direction === "forward") recordConv2d(recorder, "conv", x, weight, options);
    else if (direction === "input gradient") {
      recordConv2dInputGradient(recorder, "conv", { x, vectors: x, weight, options }, dy);
    } else {
      recordConv2dWeightGradient(
        recorder,
        "conv",
        { x, vectors: x, weight, options },
        dy,
        noise("dWeight", [K, R, R, C]),
      );
    }
    return runOf(await recorder.compile(pipelines));
  },

  async step({ arch, px, batch, hidden, out, precision = "f32" }) {
    const optimizer = { name: "lars", weightDecay: 1.5e-6, momentum: 0.9, trustCoefficient: 1e-3 } as const;
    const heads = { projector: { hidden, out }, predictor: { hidden } };
    const mixed = precision === "mixed", lossScale = mixed ? LossScale.dynamic(device) : undefined;
    const state = new ByolState(device, { arch, ...heads }, optimizer, lossScale);
    state.initialize(0);
    const views = noise("views", [2 * batch, px, px, 3], mixed ? "f16" : "f32");
    const step = await ByolStep.compile(pipelines, state, () => views);
    let k = 0;
    return {
      enqueue: () => step.run(k++, { lr: 0.1, tau: 0.99 }),
      wait: () => device.queue.onSubmittedWorkDone(),
    };
  },
});
