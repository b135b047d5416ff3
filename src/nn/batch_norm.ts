import partialSource from "../../kernels/batch_norm_partial.wgsl" with { type: "text" };
import statisticsSource from "../../kernels/batch_norm_statistics.wgsl" with { type: "text" };
import applySource from "../../kernels/batch_norm_apply.wgsl" with { type: "text" };
import frozenSource from "../../kernels/batch_norm_frozen.wgsl" with { type: "text" };
import backwardPartialSource from "../../kernels/batch_norm_backward_partial.wgsl" with { type: "text" };
import backwardSumsSource from "../../kernels/batch_norm_backward_sums.wgsl" with { type: "text" };
import backwardApplySource from "../../kernels/batch_norm_backward_apply.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, expectLike, expectShape, type Tensor } from "../gpu/tensor.ts";

const CHANNEL_LANES = 8;
/** Rows that one invocation sums: few enough that serial f32 sums keep six digits. */
const ROWS_PER_CHUNK = 256;
/** Rows that one invocation normalises: the channel's figures are loaded once for all of them. */
const ROWS_PER_THREAD = 8;

export interface BatchNormParameters {
  gamma: Tensor;
  beta: Tensor;
  runningMean: Tensor;
  runningVar: Tensor;
}
export interface BatchNormOptions {
  /** Rectify the result. */
  relu?: boolean;
  /** Added before the rectifier; of x's shape and type. */
  residual?: Tensor;
}
export interface BatchNormSaved {
  x: Tensor;
  y: Tensor;
  mean: Tensor;
  invStd: Tensor;
  gamma: Tensor;
  groups: number;
  relu: boolean;
}

/**
 * Records BatchNorm with batch statistics: `y = act((x − mean) / √(var + 1e-5) · γ + β + residual)`.
 *
 * The batch axis is split into `groups` equal parts (the two views), each normalised by its own statistics; the
 * running statistics (weight of the old value 0.9, variance unbiased, as PyTorch's) take in one group after another.
 *
 * @param x `[N, …, C]`, f32 or f16, N a multiple of `groups`; parameters and statistics are f32.
 * @returns `y` of x's shape and type, overwritten on every replay, and what backward needs.
 * @throws {RangeError} If N is not a multiple of `groups`, or a parameter is not `[C]`.
 */
export function recordBatchNormTrain(
  recorder: Recorder,
  label: string,
  x: Tensor,
  parameters: BatchNormParameters,
  groups: number,
  options: BatchNormOptions = {},
): { y: Tensor; saved: BatchNormSaved } {
  const { rows, channels: C } = layout(x, groups);
  const { gamma, beta, runningMean, runningVar } = parameters;
  for (const tensor of [gamma, beta, runningMean, runningVar]) {
    expectShape(tensor, [C], "a BatchNorm parameter");
  }
  const chunks = Math.ceil(rows / ROWS_PER_CHUNK);
  const partialMean = recorder.alloc(`${label}.partial_mean`, [groups, chunks, C]);
  const partialM2 = recorder.alloc(`${label}.partial_m2`, [groups, chunks, C]);
  const mean = recorder.alloc(`${label}.mean`, [groups, C]),
    invStd = recorder.alloc(`${label}.inv_std`, [groups, C]);
  const chunking = { ROWS: rows, C, CHUNKS: chunks, ROWS_PER_CHUNK };
  recorder.dispatch(
    { name: "batch_norm_partial", source: partialSource, elem: elemOf(x), overrides: chunking },
    [x, partialMean, partialM2],
    [Math.ceil(C / CHANNEL_LANES), chunks, groups],
  );
  recorder.dispatch(
    { name: "batch_norm_statistics", source: statisticsSource, overrides: { ...chunking, GROUPS: groups } },
    [partialMean, partialM2, mean, invStd, runningMean, runningVar],
    [Math.ceil(C / CHANNEL_LANES)],
  );
  const y = recordApply(recorder, label, x, { mean, invStd, gamma, beta }, groups, options);
  return { y, saved: { x, y, mean, invStd, gamma, groups, relu: options.relu ?? false } };
}

/**
 * Records BatchNorm by running statistics, for embedding: `y = act((x − runningMean) / √(runningVar + 1e-5) · γ + β + residual)`.
 *
 * @param x `[N, …, C]`, f32 or f16.
 * @returns `y` of x's shape and type, overwritten on every replay. A row depends on nothing but itself.
 */
export function recordBatchNormInfer(
  recorder: Recorder,
  label: string,
  x: Tensor,
  { gamma, beta, runningMean, runningVar }: BatchNormParameters,
  options: BatchNormOptions = {},
): Tensor {
  const { channels: C } = layout(x, 1);
  const invStd = recorder.alloc(`${label}.inv_std`, [C]);
  recorder.dispatch(
    { name: "batch_norm_frozen", source: frozenSource, overrides: { C } },
    [runningVar, invStd],
    [Math.ceil(C / 64)],
  );
  return recordApply(recorder, label, x, { mean: runningMean, invStd, gamma, beta }, 1, options);
}

/**
 * Records the gradients of `recordBatchNormTrain`. Where a residual was added, hand in the gradient past the rectifier
 * (`recordReluBackward`): it is the residual's gradient too, and `saved.relu` is then not applied again.
 *
 * @param dy of x's shape and type.
 * @param dGamma, dBeta `[C]`; accumulated into, over all groups.
 * @returns `dx`, like x, overwritten.
 */
export function recordBatchNormTrainBackward(
  recorder: Recorder,
  label: string,
  saved: BatchNormSaved,
  dy: Tensor,
  dGamma: Tensor,
  dBeta: Tensor,
  options: { pastRelu?: boolean } = {},
): Tensor {
  const { x, y, mean, invStd, gamma, groups } = saved;
  expectLike(dy, x, "a BatchNorm's output gradient");
  const { rows, channels: C } = layout(x, groups);
  const relu = saved.relu && !options.pastRelu;
  const chunks = Math.ceil(rows / ROWS_PER_CHUNK), RELU = Number(relu);
  const sumDy = recorder.alloc(`${label}.sum_dy`, [groups, chunks, C]);
  const sumDyXhat = recorder.alloc(`${label}.sum_dy_xhat`, [groups, chunks, C]);
  const groupDy = recorder.alloc(`${label}.group_dy`, [groups, C]);
  const groupDyXhat = recorder.alloc(`${label}.group_dy_xhat`, [groups, C]);
  const rectified = relu ? y : dy;
  recorder.dispatch(
    {
      name: "batch_norm_backward_partial",
      source: backwardPartialSource,
      elem: elemOf(x),
      overrides: { ROWS: rows, C, CHUNKS: chunks, ROWS_PER_CHUNK, RELU },
    },
    [x, rectified, dy, mean, invStd, sumDy, sumDyXhat],
    [Math.ceil(C / CHANNEL_LANES), chunks, groups],
  );
  recorder.dispatch(
    {
      name: "batch_norm_backward_sums",
      source: backwardSumsSource,
      overrides: { GROUPS: groups, C, CHUNKS: chunks },
    },
    [sumDy, sumDyXhat, groupDy, groupDyXhat, dGamma, dBeta],
    [Math.ceil(C / CHANNEL_LANES)],
  );
  const dx = recorder.alloc(`${label}.dx`, x.shape, x.dtype);
  recorder.dispatch(
    {
      name: "batch_norm_backward_apply",
      source: backwardApplySource,
      elem: elemOf(x),
      overrides: { GROUP_SIZE: rows * C, ROWS: rows, C, THREADS: threads(rows, C), RELU },
    },
    [x, rectified, dy, mean, invStd, groupDy, groupDyXhat, gamma, dx],
    channelGrid(rows, C, groups),
  );
  return dx;
}

function recordApply(
  recorder: Recorder,
  label: string,
  x: Tensor,
  { mean, invStd, gamma, beta }: { mean: Tensor; invStd: Tensor; gamma: Tensor; beta: Tensor },
  groups: number,
  { relu = false, residual }: BatchNormOptions,
): Tensor {
  if (residual) expectLike(residual, x, "a residual");
  const { rows, channels: C } = layout(x, groups);
  const y = recorder.alloc(`${label}.y`, x.shape, x.dtype);
  recorder.dispatch(
    {
      name: "batch_norm_apply",
      source: applySource,
      elem: elemOf(x),
      overrides: {
        ...{ GROUP_SIZE: rows * C, C, THREADS: threads(rows, C) },
        ...{ RELU: Number(relu), RESIDUAL: Number(residual !== undefined) },
      },
    },
    [x, mean, invStd, gamma, beta, residual ?? x, y],
    channelGrid(rows, C, groups),
  );
  return y;
}

/** Invocations of the kernels that make every element: a multiple of C, so that each one keeps to its channel. */
const threads = (rows: number, channels: number): number => Math.ceil(rows / ROWS_PER_THREAD) * channels;
const channelGrid = (rows: number, channels: number, groups: number): number[] => [
  ...foldGrid(Math.ceil(threads(rows, channels) / 64)),
  groups,
];

function layout(x: Tensor, groups: number): { rows: number; channels: number } {
  const channels = x.shape.at(-1) ?? 0;
  if (x.shape.length < 2 || x.shape[0] % groups !== 0) {
    throw new RangeError(
      `Cannot batch-normalise ${x.label}: shape must be [N, …, C] with N a multiple of ${groups}, got [${x.shape}]`,
    );
  }
  return { rows: elementCount(x.shape) / channels / groups, channels };
}
