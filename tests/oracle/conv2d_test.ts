import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import { assertEquals, assertThrows } from "@std/assert";
import type { PipelineCache } from "../../src/gpu/pipeline.ts";
import { Recorder } from "../../src/gpu/recorder.ts";
import type { RandomStream } from "../../src/domain/philox.ts";
import { goldenCases } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { TILES } from "../../src/nn/conv2d_sizes.ts";
import {
  between,
  expectClose,
  noise,
  NthCandidate,
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
import { conv2d, conv2dBackward, conv2dOutput, type Conv2dShape } from "./reference/conv2d.ts";

const absolute = (v: Float64Array): Float64Array => v.map(Math.abs);

/** This adapter without what the kernels for subgroups of eight ask for. */
const PLAIN = { ...pipelines.capabilities, subgroupSize: undefined };
/** The kernels that an adapter's capabilities lead to; those it has not got cannot be tested on it. */
const CHOICES = [
  { kernels: "tiled", on: pipelinesWith(PLAIN), ignore: false },
  {
    kernels: "in subgroups of 8",
    on: pipelines,
    ignore: pipelines.capabilities.subgroupSize !== 8,
  },
];

/** Forward and both gradients; the weight's starts from `prior`, which it must be added to. */
async function onGpu(
  shape: Conv2dShape,
  [x, weight, dy, prior]: Values[],
  on: PipelineCache = pipelines,
  elem: Elem = "f32",
) {
  const options = { stride: shape.stride, padding: shape.pad }, dWeight = upload(prior, "dWeight");
  const [y, dx, accumulated] = await run((recorder) => {
    const { y, saved } = recordConv2d(
      recorder,
      "conv",
      upload(x, "x", elem),
      upload(weight, "weight"),
      options,
    );
    return [y, recordConv2dBackward(recorder, "conv", saved, upload(dy, "dy", elem), dWeight)!, dWeight];
  }, on);
  return { y, dx, dWeight: accumulated };
}

/** Forward and both gradients of noise. */
async function check(shape: Conv2dShape, seed: number, on: PipelineCache, elem: Elem): Promise<void> {
  const { N, H, W, C, K, R, S } = shape, { P, Q } = conv2dOutput(shape);
  const x = stored(noise([N, H, W, C], seed), elem), dy = stored(noise([N, P, Q, K], seed + 2), elem);
  const weight = noise([K, R, S, C], seed + 1), prior = noise([K, R, S, C], seed + 3);
  const actual = await onGpu(shape, [x, weight, dy, prior], on, elem);
  const packed = stored(weight, elem).data; // the working copy that forward and the input's gradient take
  const [ax, aw, ady] = [x.data, packed, dy.data].map(absolute);
  const gradients = conv2dBackward(shape, x.data, packed, dy.data);
  const scales = conv2dBackward(shape, ax, aw, ady), rounding = storageError(elem);
  expectClose(
    "y",
    actual.y,
    conv2d(shape, x.data, packed),
    summationError(R * S * C) + rounding,
    conv2d(shape, ax, aw),
  );
  expectClose("dx", actual.dx, gradients.dx, summationError(R * S * K) + rounding, scales.dx);
  expectClose(
    "dWeight",
    actual.dWeight,
    gradients.dWeight.map((g, i) => g + prior.data[i]),
    summationError(N * P * Q + 1),
    scales.dWeight.map((g, i) => g + Math.abs(prior.data[i])),
  );
}

// N, H, W, C, K, R, S, stride, pad
const CASES = [
  [2, 8, 8, 16, 16, 3, 3, 1, 1], // whole tiles
  [1, 1, 1, 1, 1, 1, 1, 1, 0],
  [1, 5, 7, 3, 5, 3, 3, 1, 1], // the stem's channels; nothing divides by four
  [3, 9, 9, 5, 18, 3, 3, 2, 1], // odd size, stride 2, one filter past a tile and more
  [2, 8, 6, 7, 33, 3, 3, 2, 1],
  [1, 7, 5, 6, 9, 1, 1, 2, 0],
  [4, 4, 4, 10, 3, 1, 1, 1, 0],
  [1, 2, 3, 4, 2, 3, 3, 1, 1], // smaller than the filter
  [2, 11, 13, 2, 4, 5, 3, 3, 2], // a filter and a stride that no network here uses
  [1, 9, 17, 3, 4, 7, 7, 2, 3],
] as const;

for (const [N, H, W, C, K, R, S, stride, pad] of CASES) {
  const at = `${N}x${H}x${W}x${C} by ${K}x${R}x${S}, stride ${stride}, padding ${pad}`;
  for (const { kernels, on, ignore } of CHOICES) {
    if (ignore) Deno.test({ name: `conv2d ${kernels}: not this adapter's`, ignore, fn: () => {} });
    else {testInEachType(
        `conv2d agrees with float64 at ${at}: ${kernels}`,
        (elem) => check({ N, H, W, C, K, R, S, stride, pad }, 1, on, elem),
      );}
  }
}

for (const { index, params: { stride, pad }, tensors: t } of goldenCases("conv2d")) {
  Deno.test(`conv2d agrees with PyTorch, case ${index}`, async () => {
    const [N, H, W, C] = t.x.shape, [K, R, S] = t.weight.shape, shape = { N, H, W, C, K, R, S, stride, pad };
    const zero = { shape: t.weight.shape, data: new Float64Array(t.weight.data.length) };
    const actual = await onGpu(shape, [t.x, t.weight, t.dy, zero]);
    const [ax, aw, ady] = [t.x, t.weight, t.dy].map(({ data }) => absolute(data));
    const scales = conv2dBackward(shape, ax, aw, ady);
    // The fixtures themselves are rounded to f32: one more rounding.
    expectClose("y", actual.y, t.y.data, summationError(R * S * C + 1), conv2d(shape, ax, aw));
    expectClose("dx", actual.dx, t.dx.data, summationError(R * S * K + 1), scales.dx);
    const reduced = t.dy.data.length / K;
    expectClose("dWeight", actual.dWeight, t.dWeight.data, summationError(reduced + 1), scales.dWeight);
  });
}

/** Every way to do a convolution that this adapter has: all the tiles, and all the kernels for subgroups of eight. */
const WAYS = [
  ...TILES.map((_, n) => pipelinesWith(PLAIN, new NthCandidate(n))),
  ...(pipelines.capabilities.subgroupSize === 8
    ? [0, 1].map((n) => pipelinesWith(pipelines.capabilities, new NthCandidate(n)))
    : []),
];
for (
  const shape of [
    { N: 2, H: 9, W: 11, C: 19, K: 21, R: 3, S: 3, stride: 2, pad: 1 },
    { N: 1, H: 30, W: 30, C: 40, K: 72, R: 3, S: 3, stride: 1, pad: 1 }, // past the widest tile, in both directions
    { N: 3, H: 17, W: 5, C: 4, K: 130, R: 1, S: 1, stride: 1, pad: 0 },
    { N: 2, H: 15, W: 15, C: 14, K: 13, R: 3, S: 3, stride: 1, pad: 1 }, // one panel of channels
    { N: 2, H: 20, W: 20, C: 3, K: 64, R: 7, S: 7, stride: 2, pad: 3 },
  ]
) {
  Deno.test(`conv2d makes the same bits in all ${WAYS.length} ways at ${JSON.stringify(shape)}`, async () => {
    const { N, H, W, C, K, R, S } = shape, { P, Q } = conv2dOutput(shape);
    const inputs = [[N, H, W, C], [K, R, S, C], [N, P, Q, K], [K, R, S, C]].map((s, i) => noise(s, 10 + i));
    const first = await onGpu(shape, inputs, WAYS[0]);
    for (const on of WAYS.slice(1)) assertEquals(await onGpu(shape, inputs, on), first);
  });
}

/** Filters up to 5×5 at strides up to 3, padded by up to their size: more than any net here has. */
function draw(random: RandomStream): Conv2dShape {
  const R = between(random, 1, 5), S = between(random, 1, 5), pad = random.below(Math.max(R, S) + 1);
  const extent = (taps: number) => between(random, Math.max(1, taps - 2 * pad), 19);
  return {
    ...{
      N: between(random, 1, 4),
      H: extent(R),
      W: extent(S),
      C: between(random, 1, 70),
      K: between(random, 1, 70),
    },
    ...{ R, S, stride: between(random, 1, 3), pad },
  };
}
for (const { kernels, on, ignore } of CHOICES) {
  if (!ignore) testDrawn(`conv2d ${kernels}`, draw, (shape, seed, elem) => check(shape, 10 * seed, on, elem));
}

Deno.test("recordConv2d() refuses channels that disagree, and filters larger than the padded input", () => {
  const x = upload(noise([1, 2, 2, 3], 1), "x");
  const record = (shape: number[]) =>
    recordConv2d(new Recorder(), "conv", x, upload(noise(shape, 2), "w"), { stride: 1, padding: 0 });
  assertThrows(() => record([4, 1, 1, 2]), RangeError, "shapes must be");
  assertThrows(() => record([4, 3, 3, 3]), RangeError, "exceeds");
});

// Results of as many products as there may be, in the shapes whose loops go round the most often, each way there is. One more
// is refused: Mesa 22's CPU driver would leave out what comes after 65,535 rounds.
for (const [R, S, C] of [[1, 1, 40_960], [10_240, 1, 4], [1, 10_240, 4], [2_048, 1, 20]]) {
  Deno.test(`conv2d sums ${R}x${S}x${C} products, and refuses more, in all ${WAYS.length} ways`, async () => {
    const ones = (shape: number[], value = 1) => ({
      shape,
      data: new Float64Array(R * S * C * shape[0]).fill(value),
    });
    const x = upload(ones([1, R, S, C])), options = { stride: 1, padding: 0 };
    for (const K of [1, 20]) { // one panel of channels, and two
      const weight = upload(ones([K, R, S, C], 3));
      for (const on of WAYS) {
        const [y] = await run((recorder) => [recordConv2d(recorder, "conv", x, weight, options).y], on);
        assertEquals(y, new Float64Array(K).fill(3 * R * S * C));
      }
    }
    const more = R * S > 1 ? [R + Number(R > S), S + Number(S > R), C] : [R, S, C + 1];
    const [wide, filters] = [[1, ...more], [2, ...more]].map((
      shape,
      i,
    ) => ({ label: `${i}`, shape, dtype: "f32" } as const));
    assertThrows(
      () => recordConv2d(new Recorder(), "conv", wide, filters, options),
      RangeError,
      `at most 40960 products a result, got ${more[0] * more[1]} taps of ${
        Math.ceil(more[2] / 4) * 4
      } channels`,
    );
  });
}

Deno.test("an input gradient of more products than a driver's loop goes through is refused", () => {
  const K = 40_964,
    [x, weight, dy] = [[1, 2, 2, 4], [K, 1, 1, 4], [1, 2, 2, K]].map((shape, i) => ({
      ...{ label: ["x", "weight", "dy"][i], shape, dtype: "f32" as const },
    }));
  const recorder = new Recorder(),
    { saved } = recordConv2d(recorder, "conv", x, weight, { stride: 1, padding: 0 });
  assertThrows(
    () => recordConv2dBackward(recorder, "conv", saved, dy, weight),
    RangeError,
    "Cannot convolve dy: at most 40960 products a result, got 1 taps of 40964 channels",
  );
  recordConv2dBackward(recorder, "conv", saved, dy, weight, false);
});
