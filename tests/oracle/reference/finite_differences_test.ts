import { assert, assertAlmostEquals } from "@std/assert";
import { RandomStream } from "../../../src/domain/philox.ts";
import { add, addBackward } from "./add.ts";
import { batchNorm, batchNormBackward } from "./batch_norm.ts";
import { byolLoss, byolLossBackward } from "./byol_loss.ts";
import { conv2d, conv2dBackward, conv2dOutput } from "./conv2d.ts";
import { globalAveragePool, globalAveragePoolBackward } from "./global_average_pool.ts";
import { l2Normalize, l2NormalizeBackward } from "./l2_normalize.ts";
import { linear, linearBackward } from "./linear.ts";
import { larsUpdate } from "./momentum.ts";
import { maxPool, maxPoolBackward } from "./max_pool.ts";
import { relu, reluBackward } from "./relu.ts";
import { softmaxCrossEntropy } from "./softmax_cross_entropy.ts";

const STEP = 1e-5;

function noise(length: number, seed: number): Float64Array {
  const random = new RandomStream(seed, 0);
  return Float64Array.from({ length }, () => random.normal());
}
const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, v, i) => sum + v * b[i], 0);

/** Asserts that `gradient` is that of `of()` with respect to `at`, which is changed and put back. */
function expectGradient(what: string, of: () => number, at: Float64Array, gradient: Float64Array): void {
  assert(gradient.length === at.length, `${what}: ${at.length} elements, got ${gradient.length}`);
  const most = gradient.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  assert(most > 1e-3, `${what} is all but zero: the test would show nothing`);
  for (let i = 0; i < at.length; i++) {
    const value = at[i];
    at[i] = value + STEP;
    const above = of();
    at[i] = value - STEP;
    const below = of();
    at[i] = value;
    const difference = (above - below) / (2 * STEP), error = Math.abs(difference - gradient[i]) / most;
    assert(error < 1e-6, `${what}[${i}] is ${gradient[i]}, differences give ${difference}`);
  }
}

for (
  const shape of [
    { N: 1, H: 7, W: 5, C: 3, K: 5, R: 3, S: 3, stride: 1, pad: 1 },
    { N: 2, H: 6, W: 7, C: 2, K: 3, R: 3, S: 3, stride: 2, pad: 1 },
    { N: 2, H: 5, W: 4, C: 3, K: 2, R: 1, S: 1, stride: 2, pad: 0 },
    { N: 1, H: 3, W: 4, C: 2, K: 2, R: 3, S: 2, stride: 1, pad: 2 },
  ]
) {
  const { N, H, W, C, K, R, S, stride } = shape;
  Deno.test(`conv2dBackward() is conv2d()'s gradient, ${R}x${S} at stride ${stride}`, () => {
    const { P, Q } = conv2dOutput(shape);
    const x = noise(N * H * W * C, 1), weight = noise(K * R * S * C, 2), dy = noise(N * P * Q * K, 3);
    const loss = () => dot(conv2d(shape, x, weight), dy);
    const { dx, dWeight } = conv2dBackward(shape, x, weight, dy);
    expectGradient("dx", loss, x, dx);
    expectGradient("dWeight", loss, weight, dWeight);
  });
}

Deno.test("linearBackward() is linear()'s gradient", () => {
  const shape = { N: 3, inputs: 5, outputs: 4 };
  const x = noise(15, 1), weight = noise(20, 2), bias = noise(4, 3), dy = noise(12, 4);
  const loss = () => dot(linear(shape, x, weight, bias), dy);
  const { dx, dWeight, dBias } = linearBackward(shape, x, weight, dy);
  expectGradient("dx", loss, x, dx);
  expectGradient("dWeight", loss, weight, dWeight);
  expectGradient("dBias", loss, bias, dBias);
});

for (const groups of [1, 2, 3]) {
  Deno.test(`batchNormBackward() is batchNorm()'s gradient with ${groups} groups`, () => {
    const shape = { groups, rows: 7, C: 3 };
    const x = noise(groups * 21, 1).map((v, i) => 3 * v + i % 3), dy = noise(x.length, 2);
    const gamma = noise(3, 3), beta = noise(3, 4);
    const parameters = { gamma, beta, runningMean: new Float64Array(3), runningVar: new Float64Array(3) };
    const loss = () => dot(batchNorm(shape, x, parameters).y, dy);
    const { dx, dGamma, dBeta } = batchNormBackward(
      shape,
      x,
      { gamma, ...batchNorm(shape, x, parameters) },
      dy,
    );
    expectGradient("dx", loss, x, dx);
    expectGradient("dGamma", loss, gamma, dGamma);
    expectGradient("dBeta", loss, beta, dBeta);
  });
}

Deno.test("reluBackward() is relu()'s gradient, and zero at zero", () => {
  const x = noise(50, 1).map((v) => v + Math.sign(v) * 0.01), dy = noise(50, 2);
  expectGradient("dx", () => dot(relu(x), dy), x, reluBackward(relu(x), dy));
  assert(reluBackward(Float64Array.of(0), Float64Array.of(1))[0] === 0);
});

Deno.test("addBackward() is add()'s gradient", () => {
  const a = noise(5, 1), b = noise(5, 2), dy = noise(5, 3), { da, db } = addBackward(dy);
  expectGradient("da", () => dot(add(a, b), dy), a, da);
  expectGradient("db", () => dot(add(a, b), dy), b, db);
});

Deno.test("globalAveragePoolBackward() is globalAveragePool()'s gradient", () => {
  const shape = { N: 2, pixels: 15, C: 3 }, x = noise(90, 1), dy = noise(6, 2);
  const dx = globalAveragePoolBackward(shape, dy);
  expectGradient("dx", () => dot(globalAveragePool(shape, x), dy), x, dx);
});

Deno.test("l2NormalizeBackward() is l2Normalize()'s gradient", () => {
  const x = noise(21, 1), dy = noise(21, 2);
  expectGradient("dx", () => dot(l2Normalize(7, x), dy), x, l2NormalizeBackward(7, x, dy));
});

Deno.test("softmaxCrossEntropy() gives the gradient of its scaled sum", () => {
  const shape = { N: 4, C: 6 }, logits = noise(24, 1), labels = [5, 0, 6, 3];
  const loss = () => 0.3 * softmaxCrossEntropy(shape, logits, labels).rowLoss.reduce((a, b) => a + b);
  expectGradient("dLogits", loss, logits, softmaxCrossEntropy(shape, logits, labels, 0.3).dLogits);
});

Deno.test("maxPoolBackward() is maxPool()'s gradient", () => {
  const shape = { N: 2, H: 7, W: 5, C: 3, window: 3, stride: 2, padding: 1 };
  const x = noise(210, 1), { y, winner } = maxPool(shape, x), dy = noise(y.length, 2);
  expectGradient("dx", () => dot(maxPool(shape, x).y, dy), x, maxPoolBackward(shape, winner, dy));
});

for (const [N, D] of [[1, 2], [3, 5], [4, 17]]) {
  Deno.test(`byolLossBackward() is byolLoss()'s gradient at ${N}x${D}`, () => {
    const prediction = noise(2 * N * D, 1), projection = noise(2 * N * D, 2);
    const loss = () => byolLoss({ N, D }, prediction, projection).loss;
    expectGradient("dPrediction", loss, prediction, byolLossBackward({ N, D }, prediction, projection));
  });
}

Deno.test("byolLossBackward() holds under the clamp, where the length is a constant", () => {
  const prediction = noise(6, 1).map((v) => v * 1e-9), projection = noise(6, 2), shape = { N: 1, D: 3 };
  const gradient = byolLossBackward(shape, prediction, projection).map((v) => v * 1e-9);
  const scaled = prediction.map((v) => v * 1e9);
  // In units of 1e-9, so that a step of the differences stays under the clamp.
  const loss = () => byolLoss(shape, scaled.map((v) => v * 1e-9), projection).loss;
  expectGradient("dPrediction", loss, scaled, gradient);
});

Deno.test("byolLoss() is 0, 4 and 8 for identical, orthogonal and opposite directions", () => {
  const a = Float64Array.of(3, 4, 6, 8);
  const loss = (projection: number[]) => byolLoss({ N: 1, D: 2 }, a, Float64Array.from(projection)).loss;
  assertAlmostEquals(loss([6, 8, 3, 4]), 0, 1e-14);
  assertAlmostEquals(loss([-4, 3, 8, -6]), 4, 1e-14);
  assertAlmostEquals(loss([-3, -4, -6, -8]), 8, 1e-14);
});

Deno.test("larsUpdate() takes the ratio after weight decay", () => {
  const rates = { learningRate: 1, weightDecay: 0.1, momentum: 0.9, trustCoefficient: 1e-3 };
  const w = Float64Array.of(3, 4), g = Float64Array.of(-0.8, 0.6), zero = new Float64Array(2);
  const adapted = larsUpdate(w, g, zero, rates, false).momentum;
  assertAlmostEquals(adapted[0], -0.0022361, 1e-7);
  assertAlmostEquals(adapted[1], 0.0044721, 1e-7);
  const excluded = larsUpdate(w, g, zero, rates, true).momentum;
  assertAlmostEquals(excluded[0], -0.8, 1e-14);
});
