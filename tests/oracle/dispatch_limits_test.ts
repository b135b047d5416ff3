import { assert, assertEquals } from "@std/assert";
import { recordByolLoss } from "../../src/byol/loss.ts";
import { allocMetricRing, figuresFrom, recordStepMetrics } from "../../src/byol/metrics.ts";
import { packBlur, packView, recordViews, VIEW_WORDS } from "../../src/training/views.ts";
import { FlatBuffer, ParameterLayout } from "../../src/gpu/parameters.ts";
import type { PipelineCache } from "../../src/gpu/pipeline.ts";
import { readFloats } from "../../src/gpu/readback.ts";
import { MAX_WORKGROUPS, Recorder } from "../../src/gpu/recorder.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { StepParams } from "../../src/gpu/step_params.ts";
import { elementCount, type Tensor } from "../../src/gpu/tensor.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { Preprocessor } from "../../src/inference/preprocess.ts";
import { recordAdd } from "../../src/nn/add.ts";
import {
  recordBatchNormInfer,
  recordBatchNormTrain,
  recordBatchNormTrainBackward,
} from "../../src/nn/batch_norm.ts";
import { recordConv2d, recordConv2dBackward } from "../../src/nn/conv2d.ts";
import { SLICE_CHANNELS, SLICE_COLUMNS } from "../../src/nn/conv2d_sizes.ts";
import { recordConv2dWeightGradient } from "../../src/nn/conv2d_weight_gradient.ts";
import {
  recordGlobalAveragePool,
  recordGlobalAveragePoolBackward,
} from "../../src/nn/global_average_pool.ts";
import { MAX_SLICED_ROWS } from "../../src/nn/elementwise.ts";
import { recordLinear, recordLinearParameterGradients } from "../../src/nn/linear.ts";
import { recordMaxPool, recordMaxPoolBackward } from "../../src/nn/max_pool.ts";
import { recordPadChannels } from "../../src/nn/pad_channels.ts";
import { recordSoftmaxCrossEntropy } from "../../src/nn/softmax_cross_entropy.ts";
import { recordTopK } from "../../src/nn/top_k.ts";
import { createOptimizer, type OptimizerOptions, recordOptimizerUpdate } from "../../src/optim/optimizer.ts";
import { matrixUnits, NthMatrix } from "./matrix_units.ts";
import {
  expectClose,
  gpu,
  NthCandidate,
  pipelines,
  pipelinesWith,
  run,
  summationError,
  UNIT_ROUNDOFF,
  upload,
  uploadWords,
} from "./oracle.ts";
import { batchNorm, batchNormBackward } from "./reference/batch_norm.ts";
import { byolLoss, byolLossBackward } from "./reference/byol_loss.ts";
import { softmaxCrossEntropy } from "./reference/softmax_cross_entropy.ts";
import { topK } from "./reference/top_k.ts";

// Every kernel whose grid grows with its input, at the smallest input that takes more workgroups than one dimension of a
// dispatch has, in every dimension that can. Values are small whole numbers, so that sums are exact in any order and one
// wrong element in millions shows. What is not here: l2_normalize, in its own test; momentum_update, ema and lars_partial
// over a part of 33 million parameters, in large_net_test.ts; and loss_scale_flags, which only 4 GiB of gradients would take
// past a dimension.
const { device } = gpu;

/** Elements of the kernels that take one an invocation, and of those that take four; one more is past the limit. */
const SINGLE = 64 * MAX_WORKGROUPS, FOUR = 4 * SINGLE;

/** Whole numbers from −3 to 3 in no order; a prime number of them, so that rows and tiles of any size differ. */
const NUMBERS = Float64Array.from({ length: 65_521 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 8) % 7 - 3);
/** As many of them as wanted, again and again. */
function numbers(length: number, seed: number): Float64Array {
  const data = new Float64Array(length);
  for (let at = 0, from = 997 * seed; at < length; from = 0) {
    const part = NUMBERS.subarray(from, from + length - at);
    data.set(part, at);
    at += part.length;
  }
  return data;
}

let held: Tensor[] = [];
/** Numbers on the GPU, and here. */
function wholes(label: string, shape: readonly number[], seed: number, elem: Elem = "f32") {
  const data = numbers(elementCount(shape), seed), tensor = upload({ shape, data }, label, elem);
  held.push(tensor);
  return { tensor, data };
}
/** As Deno.test; what it has uploaded is gone with it: there would not be room for all. */
function limitTest(name: string, fn: () => Promise<void>, ignore: string | false = false): void {
  Deno.test({
    name: name + (ignore ? ` (skipped: ${ignore})` : ""),
    ignore: ignore !== false,
    async fn() {
      try {
        await fn();
      } finally {
        for (const { storage } of held) storage!.buffer.destroy();
        held = [];
      }
    },
  });
}
const noF16 = !gpu.capabilities.shaderF16 && "the adapter has no shader-f16";

/** Asserts that each of as many elements is what `expected` says, without a second array of them. */
function expectEach(what: string, actual: ArrayLike<number>, count: number, expected: (i: number) => number) {
  assertEquals(actual.length, count, what);
  for (let i = 0; i < count; i++) {
    // Zeros of both signs are one here.
    if (actual[i] !== expected(i)) {
      throw new Error(`${what}: element ${i} of ${count} is ${actual[i]}, not ${expected(i)}`);
    }
  }
}

/** The kernels with the smallest tiles, whose grids grow fastest. */
const PLAIN = pipelinesWith({ ...gpu.capabilities, subgroupSize: undefined }, new NthCandidate(3));
/** The adapter's own choice but for matrices, whose eight channels a pixel a binding has no room for. */
const NO_MATRICES = pipelinesWith({ ...gpu.capabilities, matrices: undefined });
const CONVOLUTIONS: [kernels: string, on: PipelineCache][] = [["tiled", PLAIN]];
if (gpu.capabilities.subgroupSize === 8) {
  CONVOLUTIONS.push(["in subgroups of 8", pipelines]);
  CONVOLUTIONS.push(["in subgroups of 8, the other", pipelinesWith(gpu.capabilities, new NthCandidate(1))]);
}

/** A 1×1 convolution of whole numbers, forward and what else is asked for, against sums that are exact. */
async function checkConv2d(
  [N, H, W, C, K]: readonly number[],
  on: PipelineCache,
  { elem = "f32", backward = false, needsInput = true }: {
    elem?: Elem;
    backward?: boolean;
    needsInput?: boolean;
  } = {},
): Promise<void> {
  const x = wholes("x", [N, H, W, C], 1, elem),
    weight = wholes("weight", [K, 1, 1, C], 2),
    pixels = N * H * W;
  const dWeight = wholes("dWeight", [K, 1, 1, C], 4), dy = backward && wholes("dy", [N, H, W, K], 3, elem);
  const [y, sums, dx] = await run((recorder) => {
    const { y, saved } = recordConv2d(recorder, "conv", x.tensor, weight.tensor, { stride: 1, padding: 0 });
    if (!dy) return [y];
    const dx = recordConv2dBackward(recorder, "conv", saved, dy.tensor, dWeight.tensor, needsInput);
    return [y, dWeight.tensor, ...dx ? [dx] : []];
  }, on);
  const at = new Float64Array(K);
  for (let p = 0; p < pixels; p++) {
    at.fill(0);
    for (let k = 0; k < K; k++) {
      for (let c = 0; c < C; c++) at[k] += x.data[p * C + c] * weight.data[k * C + c];
      if (y[p * K + k] !== at[k]) throw new Error(`y: [${p}, ${k}] is ${y[p * K + k]}, not ${at[k]}`);
    }
  }
  if (!dy) return;
  const expected = dWeight.data.slice(), back = new Float64Array(pixels * C);
  for (let p = 0; p < pixels; p++) {
    for (let k = 0; k < K; k++) {
      const d = dy.data[p * K + k];
      for (let c = 0; c < C; c++) {
        expected[k * C + c] += x.data[p * C + c] * d;
        back[p * C + c] += weight.data[k * C + c] * d;
      }
    }
  }
  expectEach("dWeight", sums, K * C, (i) => expected[i]);
  if (needsInput) expectEach("dx", dx, back.length, (i) => back[i]);
}

/** A gradient of so many columns that the first of its weight's are behind the second dispatch's. */
async function checkColumns(on: PipelineCache, elem: Elem): Promise<void> {
  const whole = elem === "f16" ? 8 : 4; // channels that are loaded at once
  const C = SLICE_COLUMNS + 3 * whole, K = 3, pixels = 2;
  const x = wholes("x", [1, 1, pixels, C], 1, elem), dy = wholes("dy", [1, 1, pixels, whole], 2, elem);
  const dWeight = wholes("dWeight", [K, 1, 1, C], 3), weight = dWeight.tensor;
  const [sums] = await run((recorder) => {
    const options = { stride: 1, padding: 0 };
    const saved = { x: x.tensor, vectors: x.tensor, weight, options };
    recordConv2dWeightGradient(recorder, "conv", saved, dy.tensor, weight);
    return [weight];
  }, on);
  expectEach("dWeight", sums, K * C, (i) => {
    const c = i % C, k = (i - c) / C;
    return dWeight.data[i] + dy.data[k] * x.data[c] + dy.data[whole + k] * x.data[C + c];
  });
}

for (const [kernels, on] of CONVOLUTIONS) {
  limitTest(
    `conv2d past 65,535 workgroups of pixels, ${kernels}: 2,049 x 2,049 of them`,
    () => checkConv2d([1, 2049, 2049, 4, 4], on, { backward: on === pipelines }),
  );
  limitTest(
    `conv2d past 65,535 panels of output channels and of filters, ${kernels}`,
    // The input's gradient would be sums over a million channels: the CPU driver does not go round that often.
    () => checkConv2d([1, 2, 3, 1, SLICE_CHANNELS + 5], on, { backward: true, needsInput: false }),
  );
  if (kernels.endsWith("the other")) continue; // the weight's gradient has but one
  limitTest(
    `conv2d's weight gradient past 65,535 tiles of columns, ${kernels}`,
    () => checkColumns(on, "f32"),
  );
}
for (const units of matrixUnits().slice(0, 1)) {
  const byMatrices = async (check: (on: PipelineCache) => Promise<void>) => {
    const tuner = new NthMatrix(0);
    await check(units.pipelines(tuner));
    assert(tuner.used > 0, "no dispatch multiplied matrices");
  };
  limitTest(
    `conv2d past 65,535 panels of output channels and of filters, by matrices, ${units.name}`,
    () =>
      byMatrices((on) =>
        checkConv2d([1, 2, 3, 1, SLICE_CHANNELS + 5], on, {
          ...{ elem: "f16", backward: true, needsInput: false },
        })
      ),
  );
  limitTest(
    `conv2d's weight gradient past 65,535 tiles of columns, by matrices, ${units.name}`,
    () => byMatrices((on) => checkColumns(on, "f16")),
  );
}
limitTest(
  "pack_weight and reduce_splits past 65,535 workgroups: 1,027 filters of 4,099 channels",
  () => checkConv2d([2, 1, 1, 4099, 1027], pipelines, { backward: true }),
);
// conv2d_subgroup8 divides by floats, which tell whole numbers apart only below 2^24.
limitTest(
  "conv2d of a row of 2^23 + 77 pixels, f16",
  () => checkConv2d([1, 1, 2 ** 23 + 77, 4, 4], NO_MATRICES, { elem: "f16" }),
  noF16,
);

// Mesa's CPU driver ends an invocation's loops, without a word, once they have gone round 65,535 times in all.
for (const [N, H, W] of [[1, 1, 140_001], [2, 1_100_001, 1]]) {
  limitTest(
    `conv2d's weight gradient over ${N}x${H}x${W} pixels, more than a driver's loop goes round`,
    () => checkConv2d([N, H, W, 3, 2], pipelines, { backward: true }),
  );
}

limitTest("step_metrics of the largest batch, whose loops must not be longer than a driver's", async () => {
  const N = 8192, D = 256, slot = 3, rowLoss = wholes("rowLoss", [2 * N], 1);
  const projection = wholes("projection", [2 * N, D], 2);
  const step = new StepParams(device);
  step.write({ lr: 0, slot, tau: 1 });
  const embedding = wholes("embedding", [2 * N, 2], 3);
  embedding.data.fill(0); // none is found to be alive early
  device.queue.writeBuffer(embedding.tensor.storage!.buffer, 0, new Float32Array(4 * N));
  const [ring] = await run((recorder) => {
    const ring = allocMetricRing(recorder), tensors = [rowLoss, projection, embedding].map((v) => v.tensor);
    const [losses, projections, embeddings] = tensors, sources = { rowLoss: losses, projection: projections };
    recordStepMetrics(recorder, {
      ...{ ...sources, targetProjection: projections, embedding: embeddings, step: step.tensor, ring },
    });
    return [ring];
  });
  let deviations = 0;
  const inverse = Float64Array.from(
    { length: N },
    (_, n) => 1 / Math.hypot(...projection.data.subarray(n * D, (n + 1) * D)),
  );
  for (let d = 0; d < D; d++) {
    let sum = 0, squares = 0;
    for (let n = 0; n < N; n++) sum += projection.data[n * D + d] * inverse[n];
    for (let n = 0; n < N; n++) squares += (projection.data[n * D + d] * inverse[n] - sum / N) ** 2;
    deviations += Math.sqrt(squares / (N - 1));
  }
  const loss = rowLoss.data.reduce((a, b) => a + b, 0) / N;
  const [view1, view2, projectionStd, , targetCosine, dead] = ring.subarray(
    figuresFrom("lossView1").FIGURES * slot,
  );
  const figures = [view1 + view2, projectionStd, targetCosine];
  expectClose("figures", figures, [loss, deviations / D, 1], summationError(D + N));
  assertEquals(dead, 1);
  step.destroy();
});

limitTest("pad_channels past 65,535 workgroups", async () => {
  const rows = Math.ceil(SINGLE / 4) + 3, x = wholes("x", [rows, 3], 1);
  const [y] = await run((recorder) => [recordPadChannels(recorder, "pad", x.tensor, 4)]);
  expectEach("y", y, rows * 4, (i) => i % 4 < 3 ? x.data[(i >> 2) * 3 + i % 4] : 0);
});

// Odd lengths, so that kernels that would take vectors of four take single elements.
limitTest("add past 65,535 workgroups", async () => {
  const length = FOUR + 1, a = wholes("a", [length], 1), b = wholes("b", [length], 2);
  const [sum] = await run((recorder) => [recordAdd(recorder, "add", a.tensor, b.tensor)]);
  expectEach("sum", sum, length, (i) => a.data[i] + b.data[i]);
});

limitTest("a linear layer's bias past 65,535 workgroups", async () => {
  const N = 4097, K = 4097, x = wholes("x", [N, 1], 1);
  const weight = wholes("weight", [K, 1], 2), bias = wholes("bias", [K], 3);
  assert(N * K > FOUR);
  const [y] = await run((recorder) => [
    recordLinear(recorder, "linear", x.tensor, weight.tensor, bias.tensor).y,
  ]);
  expectEach("y", y, N * K, (i) => {
    const k = i % K;
    return x.data[(i - k) / K] * weight.data[k] + bias.data[k];
  });
});

/** The kernels of a CPU, which take the fewest channels a workgroup. */
const NARROW = pipelinesWith({ ...gpu.capabilities, subgroupSize: 8 });

for (
  const [what, N, K] of [
    ["outputs than 65,535 workgroups take", 3, 8 * MAX_WORKGROUPS + 5],
    ["rows than a driver's loops go round", 600_001, 2],
    ["rows than one dispatch takes", MAX_SLICED_ROWS + 3, 1],
  ] as const
) {
  limitTest(`a linear layer's bias's gradient over more ${what}`, async () => {
    const x = wholes("x", [N, 1], 1), weight = wholes("weight", [K, 1], 2), bias = wholes("bias", [K], 3);
    const dy = wholes("dy", [N, K], 4), dWeight = wholes("dWeight", [K, 1], 5), expected = bias.data.slice();
    const [dBias] = await run((recorder) => {
      const { saved } = recordLinear(recorder, "linear", x.tensor, weight.tensor);
      recordLinearParameterGradients(recorder, "linear", saved, dy.tensor, dWeight.tensor, bias.tensor);
      return [bias.tensor];
    }, NARROW);
    dy.data.forEach((d, i) => expected[i % K] += d);
    expectEach("dBias", dBias, K, (k) => expected[k]);
  });
}

for (
  const [what, groups, rows, C] of [
    ["channels than 65,535 workgroups take", 1, 4, 8 * MAX_WORKGROUPS + 5],
    ["groups than a dimension of a dispatch has, or a driver's loops go round", MAX_WORKGROUPS + 2, 3, 3],
  ] as const
) {
  limitTest(`batch_norm of more ${what}, forward and back`, async () => {
    const x = wholes("x", [groups * rows, C], 1), dy = wholes("dy", [groups * rows, C], 2);
    const addend = wholes("addend", [groups * rows, C], 3), sum = dy.data.map((d, i) => d + addend.data[i]);
    const [gamma, beta, runningMean, runningVar] = [4, 5, 6, 7].map((seed) => wholes("parameter", [C], seed));
    const [dGamma, dBeta] = [8, 9].map((seed) => wholes("gradient", [C], seed));
    const [y, dx, ...perChannel] = await run((recorder) => {
      const parameters = {
        ...{ gamma: gamma.tensor, beta: beta.tensor },
        ...{ runningMean: runningMean.tensor, runningVar: runningVar.tensor },
      };
      const { y, saved } = recordBatchNormTrain(recorder, "bn", x.tensor, parameters, groups);
      const toParameters = [dGamma.tensor, dBeta.tensor] as const, more = { addend: addend.tensor };
      const { dx } = recordBatchNormTrainBackward(recorder, "bn", saved, dy.tensor, ...toParameters, more);
      return [y, dx, ...toParameters, runningMean.tensor, runningVar.tensor];
    }, NARROW);
    const shape = { groups, rows, C };
    const given = { gamma: gamma.data, beta: beta.data };
    const truth = batchNorm(shape, x.data, {
      ...given,
      runningMean: runningMean.data,
      runningVar: runningVar.data,
    });
    const gradients = batchNormBackward(shape, x.data, { gamma: gamma.data, ...truth }, sum);
    // Equal values have a deviation of exactly zero, and of the others the least is 0.4.
    const rtol = 8 * (summationError(rows) + 8 * UNIT_ROUNDOFF);
    expectClose("y", y, truth.y, rtol);
    expectClose("dx", dx, gradients.dx, rtol);
    const [aGamma, aBeta, aMean, aVar] = perChannel;
    const terms = new Float64Array(C).fill(6 * groups * rows); // of |dy + addend|, and x^ is 1 or so
    const plus = (prior: Float64Array) => (g: number, c: number) => g + prior[c];
    expectClose(
      "dGamma",
      aGamma,
      gradients.dGamma.map(plus(dGamma.data)),
      summationError(groups * rows),
      terms,
    );
    expectEach("dBeta", aBeta, C, (c) => gradients.dBeta[c] + dBeta.data[c]);
    expectClose("runningMean", aMean, truth.runningMean, 10 * rtol);
    expectClose("runningVar", aVar, truth.runningVar, 10 * rtol);
  });
}

limitTest("batch_norm by running statistics of more channels than 65,535 workgroups take", async () => {
  const C = SINGLE + 1, x = wholes("x", [1, C], 1), beta = wholes("beta", [C], 2);
  const runningMean = wholes("mean", [C], 3),
    ones = upload({ shape: [C], data: new Float64Array(C).fill(1) });
  const runningVar = upload({ shape: [C], data: new Float64Array(C).fill(1 - 1e-5) });
  held.push(ones, runningVar);
  const parameters = { gamma: ones, beta: beta.tensor, runningMean: runningMean.tensor, runningVar };
  const [y] = await run((recorder) => [recordBatchNormInfer(recorder, "bn", x.tensor, parameters)]);
  expectEach("y", y, C, (c) => x.data[c] - runningMean.data[c] + beta.data[c]);
});

limitTest("batch_norm_apply past 65,535 workgroups, f16: 33 million elements", async () => {
  const C = 3, rows = Math.ceil(8 * SINGLE / C) + 2, x = wholes("x", [rows, C], 1, "f16");
  const each = (label: string, value: number) => {
    const tensor = upload({ shape: [C], data: new Float64Array(C).fill(value) }, label);
    held.push(tensor);
    return tensor;
  };
  const parameters = {
    ...{ gamma: each("gamma", 2), beta: each("beta", 1) },
    ...{ runningMean: each("mean", 1), runningVar: each("variance", 1 - 1e-5) },
  };
  const [y] = await run((recorder) => [recordBatchNormInfer(recorder, "bn", x.tensor, parameters)]);
  expectEach("y", y, rows * C, (i) => 2 * (x.data[i] - 1) + 1);
}, noF16);

limitTest("max_pool past 65,535 workgroups, forward and back", async () => {
  const side = 2051, out = side - 1, x = wholes("x", [1, side, side, 1], 1);
  const dy = wholes("dy", [1, out, out, 1], 2), winners = new Int32Array(out * out);
  assert(out * out > SINGLE);
  const [y, dx] = await run((recorder) => {
    const { y, saved } = recordMaxPool(recorder, "pool", x.tensor, { window: 2, stride: 1, padding: 0 });
    return [y, recordMaxPoolBackward(recorder, "pool", saved, dy.tensor)];
  });
  const back = new Float64Array(side * side);
  for (let i = 0; i < winners.length; i++) {
    const corner = Math.floor(i / out) * side + i % out;
    let best = corner; // the first of equals keeps the place
    for (const at of [corner + 1, corner + side, corner + side + 1]) if (x.data[at] > x.data[best]) best = at;
    winners[i] = best;
    back[best] += dy.data[i];
  }
  expectEach("y", y, winners.length, (i) => x.data[winners[i]]);
  expectEach("dx", dx, back.length, (i) => back[i]);
});

limitTest("global_average_pool past 65,535 workgroups", async () => {
  const N = SINGLE + 3, x = wholes("x", [N, 1, 2, 1], 1);
  const [y] = await run((recorder) => [recordGlobalAveragePool(recorder, "pool", x.tensor)]);
  expectEach("y", y, N, (n) => (x.data[2 * n] + x.data[2 * n + 1]) / 2);
});

limitTest("global_average_pool's backward past 65,535 workgroups", async () => {
  const [H, W] = [4097, 4095], C = 1, dy = wholes("dy", [1, C], 1);
  assert(H * W * C > FOUR && H * W * C % 4 !== 0);
  const [dx] = await run((recorder) => [
    recordGlobalAveragePoolBackward(recorder, "pool", [1, H, W, C], dy.tensor),
  ]);
  const share = dy.data[0] / (H * W);
  for (const v of dx) {
    if (Math.abs(v - share) > 4 * UNIT_ROUNDOFF * Math.abs(share)) throw new Error(`dx ${v}`);
  }
});

limitTest("softmax_cross_entropy past 65,535 rows", async () => {
  const N = MAX_WORKGROUPS + 2, C = 3, logits = wholes("logits", [N, C], 1);
  const labels = Uint32Array.from({ length: N }, (_, n) => n % 4); // 3 is no class
  const [rowLoss, dLogits] = await run((recorder) => {
    const words = uploadWords([N], labels);
    const { rowLoss, dLogits } = recordSoftmaxCrossEntropy(recorder, "loss", logits.tensor, words, 1);
    return [rowLoss, dLogits];
  });
  const truth = softmaxCrossEntropy({ N, C }, logits.data, labels, 1);
  expectClose("rowLoss", rowLoss, truth.rowLoss, summationError(C + 4));
  expectClose("dLogits", dLogits, truth.dLogits, summationError(C + 4));
});

limitTest("top_k past 65,535 rows", async () => {
  const rows = MAX_WORKGROUPS + 2, columns = 3, k = 2, x = wholes("x", [rows, columns], 1);
  const truth = topK(columns, x.data, k);
  const [values] = await run((recorder) => {
    const { values, indices } = recordTopK(recorder, "rows", x.tensor, k);
    recorder.keep(indices);
    return [values];
  });
  expectEach("values", values, rows * k, (i) => truth.values[i]);
});

limitTest("byol_loss past 65,535 workgroups of eight rows", async () => {
  const rows = 8 * MAX_WORKGROUPS + 2, D = 2, shape = { N: rows / 2, D };
  const prediction = wholes("prediction", [rows, D], 1), projection = wholes("projection", [rows, D], 2);
  const [rowLoss, dPrediction] = await run((recorder) => {
    const loss = recordByolLoss(recorder, prediction.tensor, projection.tensor);
    return [loss.rowLoss, loss.dPrediction];
  });
  const truth = byolLoss(shape, prediction.data, projection.data), rtol = summationError(D + 8);
  expectClose("rowLoss", rowLoss, truth.rowLoss, rtol, new Float64Array(rows).fill(4));
  const gradient = byolLossBackward(shape, prediction.data, projection.data);
  // In units of 1/‖p‖, at least 1 unless p is zero, where the clamp makes it 1e6.
  const scale = gradient.map((_, i) => {
    const at = i - i % D, zero = prediction.data[at] === 0 && prediction.data[at + 1] === 0;
    return (zero ? 1e6 : 1) * 4 / shape.N;
  });
  expectClose("dPrediction", dPrediction, gradient, rtol, scale);
});

/** An image of one colour stays so, whatever is cut out of it. */
async function checkViews(rows: number, px: number, radius: number): Promise<void> {
  const colours = 251, bytes = new Uint8Array(Math.ceil(colours * 3 / 4) * 4);
  for (let i = 0; i < colours; i++) bytes.set([i, 255 - i, (7 * i) % 256], 3 * i);
  const crops = new Uint32Array(rows * VIEW_WORDS), colors = new Float32Array(rows * VIEW_WORDS);
  const taps = new Float32Array(rows * (radius + 1));
  const draw = {
    ...{ left: 0, top: 0, width: 1, height: 1, flip: false, grayscale: false, blur: true, sigma: 1 },
    ...{ order: Uint32Array.of(0, 1, 2, 3), brightness: 0.5, contrast: 1, saturation: 1, hue: 0 },
  };
  for (let row = 0; row < rows; row++) {
    const drawn = { ...draw, jitter: row % 3 === 0, solarize: row % 2 === 0 };
    packView(drawn, { offset: 3 * (row % colours), width: 1, height: 1 }, row, crops, colors);
    packBlur(drawn, row, radius, taps);
  }
  const tensors = [
    uploadWords([bytes.length / 4], new Uint32Array(bytes.buffer)),
    uploadWords([rows, VIEW_WORDS], crops),
    uploadTensor(device, "colors", [rows, VIEW_WORDS], "f32", colors),
    uploadTensor(device, "taps", [rows, radius + 1], "f32", taps),
  ];
  held.push(...tensors);
  const [pixels, cropTable, colorTable, blurTaps] = tensors;
  const inputs = { pixels, crops: cropTable, colors: colorTable, blurTaps };
  const [y] = await run((recorder) => [
    recordViews(recorder, inputs, px, { mean: [0, 0, 0], std: [1, 1, 1] }),
  ]);
  assertEquals(y.length, rows * px * px * 3);
  const weights = Float64Array.from(taps.subarray(0, radius + 1));
  /** What the blur's zeros beyond the border leave of one colour. */
  const left = Float64Array.from({ length: px }, (_, at) => {
    let sum = 0;
    for (let k = -radius; k <= radius; k++) if (at + k >= 0 && at + k < px) sum += weights[Math.abs(k)];
    return sum;
  });
  for (let i = 0; i < y.length; i++) {
    const row = Math.floor(i / (px * px * 3)), at = Math.floor(i / 3) % (px * px);
    let v = bytes[3 * (row % colours) + i % 3] / 255;
    if (row % 3 === 0) v = Math.min(1, v + 0.5);
    v *= left[Math.floor(at / px)] * left[at % px];
    const solarized = row % 2 === 0;
    // Where rounding decides between v and 1 − v at 0.5, both are near.
    const expected = solarized && v >= 0.5 ? 1 - v : v;
    if (Math.abs(y[i] - expected) > 1e-5) {
      throw new Error(`views of ${rows} rows: element ${i} is ${y[i]}, not ${expected}`);
    }
  }
}
limitTest("color_augment past 65,535 images", () => checkViews(MAX_WORKGROUPS + 2, 1, 1));
limitTest(
  "crop_resize, gaussian_blur and solarize_normalize past 65,535 workgroups",
  () => checkViews(1027, 64, 3),
);

limitTest("preprocessing past 65,535 images, and past 65,535 workgroups of one", async () => {
  const channels = { channel_mean: [0, 0, 0], channel_std: [1, 1, 1] } satisfies Record<string, number[]>;
  for (const [count, side, px] of [[MAX_WORKGROUPS + 2, 1, 1], [1, 2400, 2049]] as const) {
    const preprocessor = new Preprocessor(pipelines, { px, ...channels } as never);
    const x = uploadTensor(device, "x", [count, px, px, 3], "f32");
    held.push(x);
    const images = Array.from({ length: count }, (_, n) => {
      const pixels = new Uint8Array(side * side * 3);
      for (let i = 0; i < pixels.length; i += 3) pixels.set([n % 251, n % 241, 7 + n % 239], i);
      return { width: side, height: side, pixels };
    });
    await preprocessor.write(images, x);
    const values = await readFloats(device, x);
    expectEach("x", values, count * px * px * 3, (i) => {
      const n = Math.floor(i / (px * px * 3));
      return Math.fround([n % 251, n % 241, 7 + n % 239][i % 3] / 255);
    });
    preprocessor.destroy();
  }
});

const ADAMW = { name: "adamw", weightDecay: 0.5, beta1: 0.5, beta2: 0.5, epsilon: 1e-8 } as const;
const LARS = { name: "lars", weightDecay: 0.5, momentum: 0.5, trustCoefficient: 0.5 } as const;
/** One update from zero momentum at a rate of 1/2, of `count` weights of `length` elements each. */
async function checkUpdate(options: OptimizerOptions, count: number, length: number): Promise<void> {
  const layout = new ParameterLayout(), lr = 0.5;
  for (let i = 0; i < count; i++) layout.add(`p${i}`, "weight", [length]);
  const [weights, gradients] = ["weights", "gradients"].map((label) => new FlatBuffer(device, layout, label));
  const optimizer = createOptimizer(device, layout, options), step = new StepParams(device);
  const fill = (flat: FlatBuffer, seed: number) => {
    const data = new Float32Array(numbers(layout.length, seed));
    device.queue.writeBuffer(flat.all.storage!.buffer, 0, data);
    return data;
  };
  const w = fill(weights, 1), g = fill(gradients, 2), recorder = new Recorder();
  recordOptimizerUpdate(recorder, optimizer, weights, gradients, step.tensor);
  const plan = await recorder.compile(pipelines);
  step.write({ lr, slot: 0, tau: 1 });
  plan.replay();
  const actual = await readFloats(device, weights.all);
  for (let first = 0; first < layout.length; first += length) {
    let w2 = 0, g2 = 0;
    for (let i = first; i < first + length && options.name === "lars"; i++) {
      w2 += w[i] ** 2;
      g2 += (g[i] + 0.5 * w[i]) ** 2;
    }
    const ratio = w2 > 0 && g2 > 0 ? 0.5 * Math.sqrt(w2 / g2) : 1;
    for (let i = first; i < first + length; i++) {
      const expected = options.name === "lars"
        ? w[i] - lr * ratio * (g[i] + 0.5 * w[i])
        : w[i] - lr * 0.5 * w[i] - lr * Math.sign(g[i]); // of one step the corrected averages are g and |g|
      if (Math.abs(actual[i] - expected) > 32 * UNIT_ROUNDOFF * 8) {
        throw new Error(`weight ${i} of ${layout.length} is ${actual[i]}, not ${expected}`);
      }
    }
  }
  plan.destroy();
  step.destroy();
  optimizer.destroy();
  for (const flat of [weights, gradients]) flat.destroy();
}
limitTest(
  "lars_partial and lars_scale past 65,535 tensors",
  () => checkUpdate(LARS, MAX_WORKGROUPS + 2, 64),
);
limitTest("adamw_update past 65,535 workgroups", () => checkUpdate(ADAMW, 1, FOUR + 64));
