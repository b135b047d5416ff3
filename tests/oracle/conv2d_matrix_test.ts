import { assertEquals, assertGreater } from "@std/assert";
import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import { type MatrixUnits, matrixUnits, NthMatrix } from "./matrix_units.ts";
import {
  expectClose,
  gpu,
  noise,
  provider,
  run,
  storageError,
  stored,
  summationError,
  upload,
  type Values,
} from "./oracle.ts";
import { conv2d, conv2dBackward, conv2dOutput, type Conv2dShape } from "./reference/conv2d.ts";

async function onGpu(shape: Conv2dShape, [x, weight, dy, prior]: Values[], units: MatrixUnits, n: number) {
  const tuner = new NthMatrix(n), on = units.pipelines(tuner);
  const options = { stride: shape.stride, padding: shape.pad }, dWeight = upload(prior, "dWeight");
  const [y, dx, accumulated] = await run((recorder) => {
    const input = upload(x, "x", "f16");
    const { y, saved } = recordConv2d(recorder, "conv", input, upload(weight, "weight"), options);
    return [y, recordConv2dBackward(recorder, "conv", saved, upload(dy, "dy", "f16"), dWeight)!, dWeight];
  }, on);
  return { results: { y, dx, dWeight: accumulated }, tuner };
}

const SHAPES: Conv2dShape[] = [
  { N: 2, H: 13, W: 11, C: 24, K: 40, R: 3, S: 3, stride: 1, pad: 1 }, // past a tile in pixels, columns and filters
  { N: 1, H: 30, W: 30, C: 40, K: 136, R: 3, S: 3, stride: 2, pad: 1 },
  { N: 3, H: 17, W: 5, C: 16, K: 256, R: 1, S: 1, stride: 1, pad: 0 },
  { N: 2, H: 15, W: 15, C: 16, K: 16, R: 3, S: 3, stride: 1, pad: 1 },
  { N: 2, H: 20, W: 20, C: 3, K: 64, R: 7, S: 7, stride: 2, pad: 3 }, // a stem: channels filled up, columns past a matrix
  { N: 5, H: 2, W: 2, C: 8, K: 8, R: 3, S: 3, stride: 1, pad: 1 }, // less than a matrix
];

const { matrices = [] } = gpu.capabilities;
if (matrices.length === 0) {
  Deno.test({
    name: "products of matrices: not run, the adapter has none (the task test:matrix asks for one that has)",
    ignore: Deno.env.get("MATRICES") !== "required",
    fn: () => {
      throw new Error(`Cannot test products of matrices: ${gpu.adapter.description} has none by ${provider}`);
    },
  });
}
for (const units of matrixUnits()) {
  for (const shape of SHAPES) {
    Deno.test(`conv2d by matrices, ${units.name}, agrees with float64, in all tiles by the same bits, at ${JSON.stringify(shape)}`, async () => {
      const { N, H, W, C, K, R, S } = shape, { P, Q } = conv2dOutput(shape);
      const x = stored(noise([N, H, W, C], 1), "f16"), dy = stored(noise([N, P, Q, K], 2), "f16");
      const weight = stored(noise([K, R, S, C], 3), "f16"), prior = noise([K, R, S, C], 4);
      const inputs = [x, weight, dy, prior],
        { results: first, tuner } = await onGpu(shape, inputs, units, 0);
      assertGreater(tuner.used, 0, "no dispatch multiplied matrices");
      const [ax, aw, ady] = [x, weight, dy].map(({ data }) => data.map(Math.abs));
      const gradients = conv2dBackward(shape, x.data, weight.data, dy.data),
        scales = conv2dBackward(shape, ax, aw, ady);
      // Products of f16 are exact in f32; sums are f32's in whatever order a matrix makes them.
      const rounding = storageError("f16");
      expectClose(
        "y",
        first.y,
        conv2d(shape, x.data, weight.data),
        summationError(R * S * C) + rounding,
        conv2d(shape, ax, aw),
      );
      expectClose("dx", first.dx, gradients.dx, summationError(R * S * K) + rounding, scales.dx);
      expectClose(
        "dWeight",
        first.dWeight,
        gradients.dWeight.map((g, i) => g + prior.data[i]),
        summationError(N * P * Q + 1),
        scales.dWeight.map((g, i) => g + Math.abs(prior.data[i])),
      );
      for (let n = 1; n < tuner.most; n++) {
        assertEquals((await onGpu(shape, inputs, units, n)).results, first, `tile ${n}`);
      }
    });
  }
}
