/** latentd as a contender: the kernels and the step that training runs, and the encoder that embeds. */
import { parseArgs } from "@std/cli/parse-args";
import { ByolStep } from "../../src/byol/step.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import type { Plan } from "../../src/gpu/plan.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import { elementCount } from "../../src/gpu/tensor.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { recordConv2d, recordConv2dInputGradient } from "../../src/nn/conv2d.ts";
import { recordConv2dWeightGradient } from "../../src/nn/conv2d_weight_gradient.ts";
import { type Run, serveContender } from "./contender.ts";
import { GPU_OPTIONS, gpuChoice } from "./gpu_choice.ts";
import { randomModel } from "./random_model.ts";
import { openStepState, viewsOf } from "./step_state.ts";
import { openBench } from "./training.ts";

const { provider = GPU_OPTIONS.provider.default, toggles = GPU_OPTIONS.toggles.default, tuning } = parseArgs(
  Deno.args,
  { string: ["provider", "toggles", "tuning"] },
);
const { device, capabilities, pipelines } = await openBench(gpuChoice({ provider, toggles }), tuning);

/** Noise, the same again after a million elements: what it is changes no time, but drawing it would take long. */
function noise(label: string, shape: readonly number[], dtype: "f32" | "f16" = "f32") {
  const tensor = uploadTensor(device, label, shape, dtype), { buffer } = tensor.storage;
  const values = Float32Array.from(
    { length: Math.min(2 ** 20, elementCount(shape)) },
    () => Math.random() - 0.5,
  );
  const bytes = new Uint8Array((dtype === "f16" ? new Float16Array(values) : values).buffer);
  for (let at = 0; at < buffer.size; at += bytes.length) {
    device.queue.writeBuffer(buffer, at, bytes, 0, Math.min(bytes.length, buffer.size - at));
  }
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

  // As the service embeds: f32, in batches of its own sizes.
  embed({ arch, px, batch }) {
    const encoder = new Encoder(pipelines, arch, px, randomModel(arch), undefined, batch);
    const rows = uploadTensor(device, "rows", [batch, encoder.dim], "f32");
    return Promise.resolve({
      async enqueue() {
        for (let at = 0; at < batch; at += encoder.largestBatch) {
          await encoder.submit(Math.min(encoder.largestBatch, batch - at), () => {}, rows, at);
        }
      },
      async wait(submitted) {
        await Promise.all(submitted);
        await device.queue.onSubmittedWorkDone();
      },
    });
  },

  async step(shape) {
    const state = openStepState(device, shape), { label, shape: sizes, dtype } = viewsOf(shape);
    state.initialize(0);
    const views = noise(label, sizes, dtype as "f32");
    const step = await ByolStep.compile(pipelines, state, () => views);
    let k = 0;
    return {
      enqueue: () => step.run(k++, { lr: 0.1, tau: 0.99 }),
      wait: () => device.queue.onSubmittedWorkDone(),
    };
  },
});
