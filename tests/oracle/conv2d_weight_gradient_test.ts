import { recordConv2d } from "../../src/nn/conv2d.ts";
import { recordConv2dWeightGradient } from "../../src/nn/conv2d_weight_gradient.ts";
import { expectClose, noise, run, summationError, upload } from "./oracle.ts";
import { conv2dBackward, conv2dOutput } from "./reference/conv2d.ts";

// Reductions longer than a split, shorter, and not divisible by their number; odd rows, which end a pair of pixels early.
for (
  const [N, H, W, C, K, R, stride, pad] of [
    [9, 15, 15, 4, 8, 3, 1, 1],
    [1, 3, 300, 4, 4, 3, 1, 1],
    [70, 1, 1, 8, 12, 1, 1, 0],
    [5, 13, 7, 12, 20, 3, 2, 1],
  ]
) {
  Deno.test(`a weight gradient over ${N}x${H}x${W} pixels, ${K}x${R}x${R}x${C}, adds up in splits`, async () => {
    const shape = { N, H, W, C, K, R, S: R, stride, pad }, { P, Q } = conv2dOutput(shape);
    const x = noise([N, H, W, C], 1),
      weight = noise([K, R, R, C], 2),
      dy = noise([N, P, Q, K], 3, { mean: 0.1 });
    const dWeight = upload({ shape: weight.shape, data: new Float64Array(weight.data.length) }, "dWeight");
    const [actual] = await run((recorder) => {
      const { saved } = recordConv2d(recorder, "conv", upload(x), upload(weight), { stride, padding: pad });
      recordConv2dWeightGradient(recorder, "conv", saved, upload(dy), dWeight);
      return [dWeight];
    });
    const [ax, ady] = [x, dy].map(({ data }) => data.map(Math.abs));
    expectClose(
      "dWeight",
      actual,
      conv2dBackward(shape, x.data, weight.data, dy.data).dWeight,
      summationError(N * P * Q),
      conv2dBackward(shape, ax, weight.data, ady).dWeight,
    );
  });
}
