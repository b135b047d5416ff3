import { assertEquals, assertThrows } from "@std/assert";
import { Recorder } from "../../src/gpu/recorder.ts";
import { recordLinear, recordLinearBackward } from "../../src/nn/linear.ts";
import { goldenCases } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import {
  between,
  expectClose,
  noise,
  pipelines,
  pipelinesWith,
  run,
  storageError,
  stored,
  summationError,
  testDrawn,
  testInEachType,
  upload,
  type Values,
} from "./oracle.ts";
import { linear, linearBackward } from "./reference/linear.ts";

/** In f16 the weights of the products are rounded to f16 too. */
async function check(
  given: { x: Values; weight: Values; bias?: Values; dy: Values },
  expected?: Record<string, Values>,
  elem: Elem = "f32",
) {
  const { bias } = given;
  const x = stored(given.x, elem), weight = stored(given.weight, elem), dy = stored(given.dy, elem);
  const [N, inputs] = x.shape, [outputs] = weight.shape, shape = { N, inputs, outputs };
  const prior = expected ? 0 : 1; // gradients of parameters are added to what is there
  const start = (like: readonly number[], seed: number): Values => {
    const values = noise(like, seed);
    return { shape: like, data: values.data.map((v) => prior * v) };
  };
  const weightStart = start(weight.shape, 11), biasStart = start([outputs], 12);
  const dWeight = upload(weightStart, "dWeight"), dBias = upload(biasStart, "dBias");
  const [y, dx, dW, dB] = await run((recorder) => {
    const b = bias && upload(bias, "bias");
    const { y, saved } = recordLinear(recorder, "linear", upload(x, "x", elem), upload(weight, "weight"), b);
    const dx = recordLinearBackward(recorder, "linear", saved, upload(dy, "dy", elem), dWeight, b && dBias);
    return [y, dx, dWeight, dBias];
  });
  const abs = (v: Values) => v.data.map(Math.abs);
  const truth = linearBackward(shape, x.data, weight.data, dy.data);
  const scale = linearBackward(shape, abs(x), abs(weight), abs(dy));
  const yTruth = linear(shape, x.data, weight.data, bias?.data);
  const yScale = linear(shape, abs(x), abs(weight), bias && abs(bias));
  const plus = (a: Float64Array, b: Values) => a.map((v, i) => v + b.data[i]);
  const plusAbs = (a: Float64Array, b: Values) => a.map((v, i) => v + Math.abs(b.data[i]));
  expectClose(
    "y",
    y,
    expected?.y.data ?? yTruth,
    summationError(inputs + 2) + (bias ? 2 : 1) * storageError(elem),
    yScale,
  );
  expectClose(
    "dx",
    dx,
    expected?.dx.data ?? truth.dx,
    summationError(outputs + 1) + storageError(elem),
    scale.dx,
  );
  const wTruth = expected?.dWeight.data ?? plus(truth.dWeight, weightStart);
  expectClose("dWeight", dW, wTruth, summationError(N + 2), plusAbs(scale.dWeight, weightStart));
  if (bias) {
    const bTruth = expected?.dBias.data ?? plus(truth.dBias, biasStart);
    expectClose("dBias", dB, bTruth, summationError(N + 2), plusAbs(scale.dBias, biasStart));
  }
}

for (
  const [N, inputs, outputs, withBias] of [
    [1, 1, 1, true],
    [1, 64, 512, true],
    [5, 17, 31, false],
    [33, 64, 129, true],
    [300, 5, 44, true], // more rows of dy than one slice of the bias's sum takes
    [8, 3, 16, false],
  ] as const
) {
  testInEachType(
    `linear agrees with float64 at ${N}x${inputs} to ${outputs}, ${withBias ? "with" : "without"} bias`,
    (elem) =>
      check(
        {
          x: noise([N, inputs], 1),
          weight: noise([outputs, inputs], 2),
          bias: withBias ? noise([outputs], 3) : undefined,
          dy: noise([N, outputs], 4),
        },
        undefined,
        elem,
      ),
  );
}

const eights = pipelines.capabilities.subgroupSize === 8;
const bits = `the bits of a bias's gradient do not depend on the size of workgroups${
  eights ? "" : " (skipped: subgroups are not of 8)"
}`;
Deno.test({
  name: bits,
  ignore: !eights,
  fn: async () => {
    const x = noise([300, 4], 1), weight = noise([44, 4], 2), bias = noise([44], 3), dy = noise([300, 44], 4);
    const others = pipelinesWith({ ...pipelines.capabilities, subgroupSize: undefined });
    const [inEights, inOthers] = await Promise.all([pipelines, others].map(async (on) => {
      const dWeight = upload(weight, "dWeight"), dBias = upload(bias, "dBias");
      await run((recorder) => {
        const { saved } = recordLinear(recorder, "linear", upload(x), upload(weight), upload(bias));
        return [recordLinearBackward(recorder, "linear", saved, upload(dy), dWeight, dBias)];
      }, on);
      return (await run(() => [dBias]))[0];
    }));
    assertEquals(inEights, inOthers);
  },
});
for (const { index, tensors: t } of goldenCases("linear")) {
  Deno.test(`linear agrees with PyTorch, case ${index}`, () =>
    check({ x: t.x, weight: t.weight, bias: t.bias, dy: t.dy }, t));
}

testDrawn(
  "linear",
  (random) => ({
    ...{ N: between(random, 1, 150), inputs: between(random, 1, 150), outputs: between(random, 1, 150) },
    bias: random.bernoulli(0.7),
  }),
  ({ N, inputs, outputs, bias }, seed, elem) =>
    check(
      {
        x: noise([N, inputs], 10 * seed),
        weight: noise([outputs, inputs], 10 * seed + 1),
        bias: bias ? noise([outputs], 10 * seed + 2) : undefined,
        dy: noise([N, outputs], 10 * seed + 3),
      },
      undefined,
      elem,
    ),
);

Deno.test("recordLinear() refuses more inputs than a driver's loop goes through", () => {
  const [x, weight] = [[2, 40_961], [3, 40_961]].map((
    shape,
  ) => ({ label: "x", shape, dtype: "f32" } as const));
  assertThrows(
    () => recordLinear(new Recorder(), "linear", x, weight),
    RangeError,
    "got 1 taps of 40964 channels",
  );
});
