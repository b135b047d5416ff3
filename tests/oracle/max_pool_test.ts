import { assertEquals, assertThrows } from "@std/assert";
import { Recorder } from "../../src/gpu/recorder.ts";
import { type MaxPoolOptions, recordMaxPool, recordMaxPoolBackward } from "../../src/nn/max_pool.ts";
import { channelsLast, goldenJson, goldenTensors } from "./golden.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import {
  between,
  expectClose,
  noise,
  run,
  storageError,
  stored,
  summationError,
  testDrawn,
  testInEachType,
  upload,
  type Values,
} from "./oracle.ts";
import { maxPool, maxPoolBackward } from "./reference/max_pool.ts";

/** y is exact, NaN and infinities included; a pixel's gradient sums over at most ceil(window / stride)² windows. */
async function check(
  input: Values,
  options: MaxPoolOptions,
  given?: { dy: Values; y: Values; dx: Values },
  elem: Elem = "f32",
) {
  const x = stored(input, elem);
  const [N, H, W, C] = x.shape, shape = { N, H, W, C, ...options };
  const { P, Q, y, winner } = maxPool(shape, x.data);
  const dy = given?.dy ?? stored(noise([N, P, Q, C], 2), elem);
  const [actual, dx] = await run((recorder) => {
    const { y, saved } = recordMaxPool(recorder, "pool", upload(x, "x", elem), options);
    return [y, recordMaxPoolBackward(recorder, "pool", saved, upload(dy, "dy", elem))];
  });
  assertEquals(actual, y);
  const terms = Math.ceil(options.window / options.stride) ** 2;
  const scale = maxPoolBackward(shape, winner, dy.data.map(Math.abs));
  // An f32 fixture is one rounding away from the truth. Where no window chose a pixel the scale is 0 and so must dx be.
  const rtol = summationError(terms + 1) + storageError(elem);
  expectClose("dx", dx, maxPoolBackward(shape, winner, dy.data), rtol, scale);
  if (!given) return;
  assertEquals(actual, given.y.data);
  expectClose("dx", dx, given.dx.data, rtol, scale);
}

const STEM = { window: 3, stride: 2, padding: 1 };
for (
  const [shape, options] of [
    [[1, 1, 1, 1], STEM],
    [[2, 9, 7, 5], STEM], // odd sizes; channels past a word of four
    [[3, 8, 8, 64], STEM],
    [[1, 2, 11, 3], STEM],
    [[2, 33, 31, 6], STEM], // past a workgroup
    [[1, 6, 7, 4], { window: 2, stride: 2, padding: 0 }], // the last column is in no window
    [[2, 7, 5, 2], { window: 3, stride: 1, padding: 1 }],
    [[1, 9, 10, 7], { window: 2, stride: 3, padding: 1 }], // pixels between windows
    [[1, 13, 17, 3], { window: 16, stride: 5, padding: 8 }], // the largest: its taps fill a byte
  ] as const
) {
  const { window, stride, padding } = options,
    at = `[${shape}], window ${window}, stride ${stride}, padding ${padding}`;
  testInEachType(
    `max_pool agrees with float64 at ${at}`,
    (elem) => check(noise(shape, 1), options, undefined, elem),
  );
  testInEachType(`max_pool agrees with float64 at ${at}, rectified, so that many are equal`, (elem) => {
    const { data } = noise(shape, 3, { mean: -1 });
    return check({ shape, data: data.map((v) => Math.max(0, v)) }, options, undefined, elem);
  });
}

const golden = goldenTensors("networks");
for (const [index, options] of (goldenJson("networks").max_pool as MaxPoolOptions[]).entries()) {
  const [x, dy, y, dx] = ["x", "dy", "y", "dx"].map((name) => {
    const { shape, data } = golden.get(`max_pool.${index}.${name}`)!;
    return channelsLast(shape, Float64Array.from(data as Float32Array));
  });
  const special = x.data.every(Number.isFinite) ? "ties" : "ties, infinities and NaN";
  Deno.test(`max_pool agrees with PyTorch, case ${index}: ${special}`, () =>
    check(x, options, { dy, y, dx }));
}

Deno.test("recordMaxPool() refuses windows that exceed the input or a byte, and padding that leaves one empty", () => {
  const x = upload(noise([1, 2, 2, 3], 1), "x");
  const record = (options: MaxPoolOptions) => () => recordMaxPool(new Recorder(), "pool", x, options);
  assertThrows(record({ window: 3, stride: 1, padding: 0 }), RangeError, "exceeds 2×2 pixels");
  assertThrows(record({ window: 17, stride: 1, padding: 8 }), RangeError, "must be 1 … 16");
  assertThrows(record({ window: 3, stride: 1, padding: 2 }), RangeError, "at most half");
});

testDrawn("max_pool", (random) => {
  const window = between(random, 1, 16), padding = random.below(Math.floor(window / 2) + 1);
  const side = () => between(random, Math.max(1, window - 2 * padding), 30);
  const options = { window, stride: between(random, 1, 6), padding };
  return { shape: [between(random, 1, 4), side(), side(), between(random, 1, 40)], options };
}, ({ shape, options }, seed, elem) => {
  // Whole numbers now and then, so that many are equal.
  const { data } = noise(shape, 10 * seed);
  return check(
    { shape, data: seed % 2 ? data : data.map((v) => Math.round(2 * v)) },
    options,
    undefined,
    elem,
  );
});
