/** tfjs-webgpu as a contender: its convolution kernels, and a BYOL step written as its users would write it. */
import * as tf from "@tensorflow/tfjs";
import "@tensorflow/tfjs-backend-webgpu";
import { type Run, serveContender } from "./contender.ts";
import { tfjsByolStep } from "./tfjs_byol.ts";

await tf.setBackend("webgpu");
await tf.ready();

await serveContender({
  convolution({ N, H, C, K, R }, direction): Promise<Run> {
    const x = tf.randomUniform<tf.Rank.R4>([N, H, H, C]), filter = tf.randomUniform<tf.Rank.R4>([R, R, C, K]);
    const dy = tf.randomUniform<tf.Rank.R4>([N, H, H, K]);
    const attributes = { strides: 1, pad: "same", dataFormat: "NHWC", dimRoundingMode: undefined };
    const kernel = (name: string, inputs: Record<string, tf.Tensor>, extra: Record<string, unknown>) =>
      tf.engine().runKernel(name, inputs as never, { ...attributes, ...extra } as never) as tf.Tensor;
    const functions = {
      forward: () => tf.conv2d(x, filter, 1, "same"),
      "input gradient": () => kernel("Conv2DBackpropInput", { dy, filter }, { inputShape: x.shape }),
      "weight gradient": () => kernel("Conv2DBackpropFilter", { x, dy }, { filterShape: filter.shape }),
    };
    return Promise.resolve({ enqueue: functions[direction], wait: waitForAll });
  },

  step(shape): Promise<Run> {
    return Promise.resolve({ enqueue: tfjsByolStep(shape), wait: waitForAll });
  },
});

async function waitForAll(results: unknown[]): Promise<void> {
  for (const result of results as tf.Tensor[]) {
    await result.data();
    result.dispose();
  }
}
