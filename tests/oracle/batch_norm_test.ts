import {
  type BatchNormOptions,
  recordBatchNormInfer,
  recordBatchNormTrain,
  recordBatchNormTrainBackward,
} from "../../src/nn/batch_norm.ts";
import { goldenCases } from "./golden.ts";
import { assertEquals } from "@std/assert";
import type { Elem } from "../../src/gpu/specialize.ts";
import {
  between,
  expectClose,
  noise,
  pipelinesWith,
  run,
  storageError,
  stored,
  summationError,
  testDrawn,
  testInEachType,
  UNIT_ROUNDOFF,
  upload,
  type Values,
} from "./oracle.ts";
import { batchNorm, batchNormBackward, batchNormFrozen } from "./reference/batch_norm.ts";

interface Case {
  x: Values;
  dy: Values;
  gamma: Values;
  beta: Values;
  runningMean: Values;
  runningVar: Values;
  groups: number;
  relu?: boolean;
  residual?: Values;
  /** The output's gradient is `dy + addend`. */
  addend?: Values;
}

const largest = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((most, v) => Math.max(most, Math.abs(v)), 0);

/** Rows that one invocation sums in order. */
const CHUNK = 256;

/**
 * Runs forward, backward and the frozen form, against float64 or, where `expected` is given, PyTorch.
 *
 * A normalised value errs by the mean's error and the roundings of x − mean, both in units of the deviation: with an
 * offset far larger than the deviation, that is what f32 input can give. Everything after inherits it.
 */
async function check(given: Case, expected?: Record<string, Values>, elem: Elem = "f32"): Promise<void> {
  const { gamma, beta, runningMean, runningVar, groups, relu = false } = given;
  const x = stored(given.x, elem), dy = stored(given.dy, elem);
  const residual = given.residual && stored(given.residual, elem),
    addend = given.addend && stored(given.addend, elem);
  const C = x.shape.at(-1)!, rows = x.data.length / C / groups, shape = { groups, rows, C };
  const parameters = {
    gamma: gamma.data,
    beta: beta.data,
    runningMean: runningMean.data,
    runningVar: runningVar.data,
  };
  const truth = batchNorm(shape, x.data, parameters);
  const act = (v: number, i: number) => {
    const sum = v + (residual?.data[i] ?? 0);
    return relu ? Math.max(0, sum) : sum;
  };
  const y = truth.y.map(act);
  const sum = dy.data.map((d, i) => d + (addend?.data[i] ?? 0));
  const dyIn = relu ? sum.map((d, i) => (y[i] > 0 ? d : 0)) : sum;
  const gradients = batchNormBackward(shape, x.data, { gamma: gamma.data, ...truth }, dyIn);
  const prior = noise([C], 21), offset = largest(x.data) * largest(truth.invStd);
  const rtol = (summationError(Math.min(rows, CHUNK)) + 8 * UNIT_ROUNDOFF) * (1 + offset);

  const options: BatchNormOptions = { relu, residual: residual && upload(residual, "residual", elem) };
  const dGamma = upload(prior, "dGamma"), dBeta = upload(prior, "dBeta"), input = upload(x, "x", elem);
  const on = {
    gamma: upload(gamma, "gamma"),
    beta: upload(beta, "beta"),
    runningMean: upload(runningMean, "running_mean"),
    runningVar: upload(runningVar, "running_var"),
  };
  const frozenOn = { ...on, runningMean: upload(runningMean, "m"), runningVar: upload(runningVar, "v") };
  const [aY, aDx, aResidual, aGamma, aBeta, aMean, aVar, aFrozen] = await run((recorder) => {
    const forward = recordBatchNormTrain(recorder, "bn", input, on, groups, options);
    const { dx, dResidual } = recordBatchNormTrainBackward(
      recorder,
      "bn",
      forward.saved,
      upload(dy, "dy", elem),
      dGamma,
      dBeta,
      { addend: addend && upload(addend, "addend", elem) },
    );
    const frozen = recordBatchNormInfer(recorder, "frozen", input, frozenOn, options);
    return [forward.y, dx, dResidual, dGamma, dBeta, on.runningMean, on.runningVar, frozen];
  });

  expectClose("y", aY, expected?.y.data ?? y, rtol + storageError(elem));
  if (residual) assertEquals(aResidual, stored({ shape: dy.shape, data: dyIn }, elem).data);
  // Where rounding moves a value across the rectifier's zero its gradient jumps; the cases' noise keeps clear of that.
  const xHat = x.data.map((v, i) => {
    const s = Math.floor(i / C / rows) * C + (i % C);
    return (v - truth.mean[s]) * truth.invStd[s];
  });
  expectClose(
    "dx",
    aDx,
    expected?.dx.data ?? gradients.dx,
    4 * rtol + summationError(rows) + (addend ? 2 : 1) * storageError(elem), // a sum is stored before dx is
    dxScale(shape, gamma.data, truth.invStd, dyIn, xHat),
  );
  const n = (addend ? 2 : 1) * groups * rows + 1, more = rtol * (largest(dyIn) * groups * rows);
  const gammaScale = prior.data.map(Math.abs), betaScale = gammaScale.slice();
  for (let i = 0; i < dyIn.length; i++) {
    gammaScale[i % C] += Math.abs(dyIn[i] * xHat[i]);
    betaScale[i % C] += Math.abs(dyIn[i]);
  }
  const plusPrior = (v: Float64Array) => v.map((g, c) => g + prior.data[c]);
  const toGamma = plusPrior(expected?.dGamma.data ?? gradients.dGamma);
  const toBeta = plusPrior(expected?.dBeta.data ?? gradients.dBeta);
  expectClose(
    "dGamma",
    aGamma,
    toGamma,
    summationError(n),
    gammaScale.map((s) => s + more / summationError(n)),
  );
  expectClose("dBeta", aBeta, toBeta, summationError(n), betaScale);
  expectClose("runningMean", aMean, expected?.runningMeanAfter.data ?? truth.runningMean, rtol);
  expectClose("runningVar", aVar, expected?.runningVarAfter.data ?? truth.runningVar, rtol);
  const frozen = expected?.frozen.data ??
    batchNormFrozen({ rows: groups * rows, C }, x.data, parameters).map(act);
  expectClose("frozen", aFrozen, frozen, rtol + storageError(elem));
}

/** The magnitudes of the terms that dx is a sum of: they cancel almost wholly where there are few rows. */
function dxScale(
  { groups, rows, C }: { groups: number; rows: number; C: number },
  gamma: Float64Array,
  invStd: Float64Array,
  dy: Float64Array,
  xHat: Float64Array,
): Float64Array {
  const scale = new Float64Array(dy.length);
  for (let g = 0; g < groups; g++) {
    for (let c = 0; c < C; c++) {
      const at = (row: number) => (g * rows + row) * C + c;
      let meanDy = 0, meanDyXHat = 0;
      for (let row = 0; row < rows; row++) {
        meanDy += Math.abs(dy[at(row)]) / rows;
        meanDyXHat += Math.abs(dy[at(row)] * xHat[at(row)]) / rows;
      }
      for (let row = 0; row < rows; row++) {
        const terms = Math.abs(dy[at(row)]) + meanDy + Math.abs(xHat[at(row)]) * meanDyXHat;
        scale[at(row)] = Math.abs(gamma[c]) * invStd[g * C + c] * terms;
      }
    }
  }
  return scale;
}

const parametersOf = (C: number) => ({
  gamma: noise([C], 5, { mean: 1, std: 0.3 }),
  beta: noise([C], 6),
  runningMean: noise([C], 7),
  runningVar: { shape: [C], data: noise([C], 8, { mean: 2, std: 0.2 }).data.map(Math.abs) },
});

for (
  const { shape, groups, relu = false, residual = false, addend = false, mean = 0, std = 1 } of [
    { shape: [4, 5, 3, 7], groups: 2 },
    { shape: [2, 1, 1, 1], groups: 1 },
    { shape: [1, 3, 3, 5], groups: 1, relu: true },
    { shape: [6, 9], groups: 2, relu: true },
    { shape: [4, 17, 16, 16], groups: 2, relu: true, residual: true },
    { shape: [4, 7, 5, 12], groups: 2, relu: true, residual: true, addend: true },
    { shape: [2, 3, 3, 7], groups: 1, relu: true, addend: true }, // not whole vectors
    { shape: [3, 4, 4, 20], groups: 1, residual: true },
    { shape: [6, 260], groups: 2, relu: true }, // a head: many channels, few rows
    { shape: [10, 9, 8, 36], groups: 2, addend: true }, // slices that do not divide the chunks, nor lanes the vectors
    { shape: [1, 620, 450, 4], groups: 1, relu: true }, // chunks of more than 16 rows, more than all slices take at once
    { shape: [2, 33, 31, 3], groups: 2 },
    { shape: [8, 8, 8, 5], groups: 2, mean: 300, std: 0.5 }, // E[x²] − E[x]² in f32 would be noise here
  ]
) {
  const label = `[${shape}], ${groups} groups${relu ? ", relu" : ""}${residual ? ", residual" : ""}${
    addend ? ", dy a sum" : ""
  }, mean ${mean}`;
  testInEachType(`batch_norm agrees with float64 at ${label}`, (elem) =>
    check(
      {
        ...parametersOf(shape.at(-1)!),
        x: noise(shape, 1, { mean, std }),
        dy: noise(shape, 2),
        groups,
        relu,
        residual: residual ? noise(shape, 3) : undefined,
        addend: addend ? noise(shape, 4) : undefined,
      },
      undefined,
      elem,
    ));
}

Deno.test("batch_norm's bits do not depend on the size of workgroups", async () => {
  for (const shape of [[20, 9, 8, 36], [6, 260], [4, 7]]) {
    const results = await Promise.all([{ subgroupSize: 8 }, {}].map((capabilities) =>
      run((recorder) => {
        const [C] = shape.slice(-1), { gamma, beta, runningMean, runningVar } = parametersOf(C);
        const on = {
          gamma: upload(gamma),
          beta: upload(beta),
          runningMean: upload(runningMean),
          runningVar: upload(runningVar),
        };
        const { y, saved } = recordBatchNormTrain(recorder, "bn", upload(noise(shape, 1)), on, 2, {
          relu: true,
        });
        const dGamma = upload(noise([C], 9)), dBeta = upload(noise([C], 10)), dy = upload(noise(shape, 2));
        const { dx } = recordBatchNormTrainBackward(recorder, "bn", saved, dy, dGamma, dBeta);
        return [y, dx, dGamma, dBeta, on.runningMean, on.runningVar];
      }, pipelinesWith(capabilities))
    ));
    assertEquals(results[0], results[1]);
  }
});
for (const { index, params: { groups }, tensors: t } of goldenCases("batch_norm")) {
  Deno.test(`batch_norm agrees with PyTorch, case ${index}`, () =>
    check({ ...t, groups } as unknown as Case, t));
}

/** Nothing may be nearer to a rectifier's zero: rounding might open it, or shut it, and its gradient would jump. */
const MARGIN = 1e-3;

testDrawn("batch_norm", (random) => {
  const groups = between(random, 1, 3), C = between(random, 1, 90);
  const rest = random.bernoulli(0.3) ? [] : [between(random, 1, 15), between(random, 1, 15)];
  const pixels = rest.reduce((a, b) => a * b, 1);
  // Of fewer than eight values a deviation may come out so small that its inverse makes much of a rounding.
  const N = groups * between(random, Math.ceil(8 / pixels), Math.ceil(8 / pixels) + 6);
  const [relu, residual, addend] = [0, 1, 2].map(() => random.bernoulli(0.5));
  return { shape: [N, ...rest, C], groups, relu, residual, addend, mean: random.below(4) };
}, ({ shape, groups, relu, residual, addend, mean }, seed, elem) => {
  const C = shape.at(-1)!, parameters = parametersOf(C);
  const x = noise(shape, 10 * seed, { mean }), shift = residual ? noise(shape, 10 * seed + 2) : undefined;
  if (relu) {
    // The residual, or else the channel's shift, keeps every sum clear of zero.
    const normalized = batchNorm(
      { groups, rows: x.data.length / C / groups, C },
      stored(x, elem).data,
      {
        ...{ gamma: parameters.gamma.data, beta: parameters.beta.data },
        ...{ runningMean: parameters.runningMean.data, runningVar: parameters.runningVar.data },
      },
    ).y;
    if (shift) {
      shift.data.forEach((s, i) => {
        if (Math.abs(normalized[i] + s) < MARGIN) shift.data[i] = s + 0.5;
      });
    } else {
      for (let c = 0; c < C; c++) {
        const values = normalized.filter((_, i) => i % C === c);
        const clear = (by: number) => values.every((v) => Math.abs(v + by) > MARGIN);
        parameters.beta.data[c] += Array.from({ length: 100 }, (_, k) => k / 64).find(clear) ?? 0;
      }
    }
  }
  const given = { ...parameters, x, dy: noise(shape, 10 * seed + 1), groups, relu, residual: shift };
  return check({ ...given, addend: addend ? noise(shape, 10 * seed + 3) : undefined }, undefined, elem);
});
