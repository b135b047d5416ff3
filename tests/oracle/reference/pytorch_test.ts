import { assert, assertEquals } from "@std/assert";
import { goldenCases } from "../golden.ts";
import { add, addBackward } from "./add.ts";
import { batchNorm, batchNormBackward, batchNormFrozen } from "./batch_norm.ts";
import { byolLoss, byolLossBackward } from "./byol_loss.ts";
import { colorAugment, type ColorDraw } from "./color_augment.ts";
import { conv2d, conv2dBackward, conv2dOutput } from "./conv2d.ts";
import { cropResize } from "./crop_resize.ts";
import { ema } from "./ema.ts";
import { globalAveragePool, globalAveragePoolBackward } from "./global_average_pool.ts";
import { linear, linearBackward } from "./linear.ts";
import { larsUpdate, sgdUpdate, type UpdateRates } from "./momentum.ts";
import { relu, reluBackward } from "./relu.ts";

/** One test for every case of `op`: `compute` gets the inputs by name, channels last, and returns what to compare. */
function agrees(
  op: string,
  compute: (
    t: Record<string, Float64Array>,
    // deno-lint-ignore no-explicit-any
    p: any,
    shape: (name: string) => readonly number[],
  ) => Record<string, ArrayLike<number>>,
): void {
  for (const { index, params, tensors } of goldenCases(op)) {
    Deno.test(`the float64 reference of ${op} agrees with PyTorch, case ${index}`, () => {
      const data = Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, data]));
      const results = compute(data, params, (name) => tensors[name].shape);
      for (const [name, actual] of Object.entries(results)) {
        const expected = data[name];
        assertEquals(actual.length, expected.length, name);
        const most = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
        for (let e = 0; e < expected.length; e++) {
          // The file's values are right to half a unit in the last place of f32.
          const error = Math.abs(actual[e] - expected[e]);
          assert(
            error <= Math.abs(expected[e]) * 2 ** -24 + most * 1e-13,
            `${name}[${e}] is ${actual[e]}, PyTorch has ${expected[e]}`,
          );
        }
      }
    });
  }
}

agrees("conv2d", ({ x, weight, dy }, { stride, pad }, shapeOf) => {
  const [N, H, W, C] = shapeOf("x"), [K, R, S] = shapeOf("weight"), [, P, Q] = shapeOf("y");
  const shape = { N, H, W, C, K, R, S, stride, pad };
  assertEquals(conv2dOutput(shape), { P, Q });
  return { y: conv2d(shape, x, weight), ...conv2dBackward(shape, x, weight, dy) };
});
agrees("linear", ({ x, weight, bias, dy }, _, shapeOf) => {
  const [N, inputs] = shapeOf("x"), [outputs] = shapeOf("weight"), shape = { N, inputs, outputs };
  const { dBias, ...gradients } = linearBackward(shape, x, weight, dy);
  return { y: linear(shape, x, weight, bias), ...gradients, ...(bias ? { dBias } : {}) };
});
agrees("batch_norm", ({ x, dy, ...parameters }, { groups }, shapeOf) => {
  const C = shapeOf("x").at(-1)!, rows = x.length / C / groups;
  const { gamma, beta, runningMean, runningVar } = parameters, shape = { groups, rows, C };
  const given = { gamma, beta, runningMean, runningVar };
  const after = batchNorm(shape, x, given);
  return {
    y: after.y,
    runningMeanAfter: after.runningMean,
    runningVarAfter: after.runningVar,
    ...batchNormBackward(shape, x, { gamma, ...after }, dy),
    frozen: batchNormFrozen({ rows: rows * groups, C }, x, given),
  };
});
agrees("relu", ({ x, dy }) => ({ y: relu(x), dx: reluBackward(relu(x), dy) }));
agrees("add", ({ a, b, dy }) => {
  const { da, db } = addBackward(dy);
  return { y: add(a, b), dA: da, dB: db };
});
agrees("global_average_pool", ({ x, dy }, _, shapeOf) => {
  const [N, H, W, C] = shapeOf("x"), shape = { N, pixels: H * W, C };
  return { y: globalAveragePool(shape, x), dx: globalAveragePoolBackward(shape, dy) };
});
agrees("byol_loss", ({ prediction, projection }, _, shapeOf) => {
  const [rows, D] = shapeOf("prediction"), shape = { N: rows / 2, D };
  const { loss, rowLoss } = byolLoss(shape, prediction, projection);
  return { loss: [loss], rowLoss, dPrediction: byolLossBackward(shape, prediction, projection) };
});
for (const [op, update] of [["lars", larsUpdate], ["sgd", sgdUpdate]] as const) {
  agrees(op, ({ weight, gradient, momentum }, { excluded, ...rates }) => {
    const after = update(weight, gradient, momentum, rates as UpdateRates, excluded);
    return { weightAfter: after.weight, momentumAfter: after.momentum };
  });
}
agrees("ema", ({ target, online }, { tau }) => ({ targetAfter: ema(target, online, tau) }));
agrees("crop_resize", ({ pixels }, crop, shapeOf) => {
  const [height, width] = shapeOf("pixels");
  return { y: cropResize({ ...crop, image: { width, height } }, pixels) };
});
agrees(
  "color_augment",
  ({ x }, { mean, std, ...draw }) => ({ y: colorAugment(draw as ColorDraw, x, { mean, std }) }),
);
