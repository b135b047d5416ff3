import partialSource from "../../kernels/batch_norm_partial.wgsl" with { type: "text" };
import statisticsSource from "../../kernels/batch_norm_statistics.wgsl" with { type: "text" };
import applySource from "../../kernels/batch_norm_apply.wgsl" with { type: "text" };
import frozenSource from "../../kernels/batch_norm_frozen.wgsl" with { type: "text" };
import backwardPartialSource from "../../kernels/batch_norm_backward_partial.wgsl" with { type: "text" };
import backwardSumsSource from "../../kernels/batch_norm_backward_sums.wgsl" with { type: "text" };
import backwardApplySource from "../../kernels/batch_norm_backward_apply.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectLike, expectShape, type Tensor } from "../gpu/tensor.ts";
import { groupRanges, layout, WORKGROUP_SIZE } from "./batch_norm_rows.ts";
import { slicesOf } from "./elementwise.ts";

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
  /** In training, the running statistics' weight of the old value: 0.9 by default, 1 − torch's momentum. */
  statDecay?: number;
  /** In training, x's statistics by chunks, where they are there already. */
  statistics?: PartialStatistics;
}
/** Means and summed squared deviations of chunks of rows, as the convolution that made x may have made them with it. */
export interface PartialStatistics {
  /** `[groups, chunks, C]`, f32. */
  mean: Tensor;
  m2: Tensor;
  /** Of a chunk; the last of a group may have fewer. */
  rows: number;
}
/** A BatchNorm by statistics that stay, as whatever makes x may apply it before x is stored. */
export interface FrozenNorm {
  /** `[1, 2, C]`, f32: means, then inverse deviations. */
  statistics: Tensor;
  gamma: Tensor;
  beta: Tensor;
  relu: boolean;
  residual?: Tensor;
}
export interface BatchNormSaved {
  x: Tensor;
  y: Tensor;
  /** `[groups, 2, C]`, f32: each group's means, then its inverse deviations. */
  statistics: Tensor;
  gamma: Tensor;
  beta: Tensor;
  groups: number;
  relu: boolean;
  /** Whether a residual was added: what the rectifier saw can then be told from y only. */
  residual: boolean;
}

/**
 * Records BatchNorm with batch statistics: `y = act((x − mean) / √(var + 1e-5) · γ + β + residual)`.
 *
 * The batch axis is split into `groups` equal parts (the two views), each normalised by its own statistics; the
 * running statistics (variance unbiased, as PyTorch's) take in one group after another.
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
  const { ROWS, C, VECTORS, vector, parting } = layout(x, groups);
  const { gamma, beta, runningMean, runningVar } = parameters;
  for (const tensor of [gamma, beta, runningMean, runningVar]) {
    expectShape(tensor, [C], "a BatchNorm parameter");
  }
  const { mean, m2, rows } = options.statistics ?? recordPartials(recorder, label, x, groups);
  const CHUNKS = mean.shape[1], chunking = { CHUNKS, ROWS_PER_CHUNK: rows };
  const statistics = recorder.alloc(`${label}.statistics`, [groups, 2, C]);
  const slices = slicesOf(recorder, CHUNKS, VECTORS);
  for (const range of groupRanges(groups, CHUNKS, slices)) {
    recorder.dispatch(
      {
        name: "batch_norm_statistics",
        source: statisticsSource,
        vector,
        overrides: {
          ...{ ...range, ROWS, VECTORS, ...chunking, ...slices, ...parting },
          STAT_DECAY: options.statDecay ?? 0.9,
        },
      },
      [mean, m2, statistics, runningMean, runningVar],
      foldGrid(Math.ceil(VECTORS / slices.CHANNEL_LANES)),
    );
  }
  const y = recordApply(recorder, label, x, { statistics, gamma, beta }, groups, options);
  const { relu = false, residual } = options;
  return { y, saved: { x, y, statistics, gamma, beta, groups, relu, residual: residual !== undefined } };
}

/** Means and squared deviations of x, by chunks that are large enough to be worth one and small enough to fill a device. */
function recordPartials(recorder: Recorder, label: string, x: Tensor, groups: number): PartialStatistics {
  const { C, CHUNKS, ROWS_PER_CHUNK, vector, eachOf } = layout(x, groups), elem = elemOf(x);
  const mean = recorder.alloc(`${label}.partial_mean`, [groups, CHUNKS, C]);
  const m2 = recorder.alloc(`${label}.partial_m2`, [groups, CHUNKS, C]);
  eachOf([x], ([x], { sizes, chunking, chunkGrid }) => {
    const overrides = { ...sizes, ...chunking };
    recorder.dispatch(
      { name: "batch_norm_partial", source: partialSource, elem, vector, overrides },
      [x, mean, m2],
      chunkGrid,
    );
  });
  return { mean, m2, rows: ROWS_PER_CHUNK };
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
  parameters: BatchNormParameters,
  options: BatchNormOptions = {},
): Tensor {
  return recordFrozenApply(recorder, label, x, recordFrozenNorm(recorder, label, parameters, options));
}

/** Records a BatchNorm by statistics that stay, of what was stored without it. */
export const recordFrozenApply = (recorder: Recorder, label: string, x: Tensor, norm: FrozenNorm): Tensor =>
  recordApply(recorder, label, x, norm, 1, norm);

/** What `recordBatchNormInfer` does, for who applies it to x before x is stored. */
export function recordFrozenNorm(
  recorder: Recorder,
  label: string,
  { gamma, beta, runningMean, runningVar }: BatchNormParameters,
  { relu = false, residual }: BatchNormOptions,
): FrozenNorm {
  const [C] = gamma.shape;
  const statistics = recorder.ofParameters(`${label}.statistics`, (recorder) => {
    const statistics = recorder.alloc(`${label}.statistics`, [1, 2, C]);
    recorder.dispatch(
      { name: "batch_norm_frozen", source: frozenSource, overrides: { C } },
      [runningMean, runningVar, statistics],
      foldGrid(Math.ceil(C / WORKGROUP_SIZE)),
    );
    return statistics;
  });
  return { statistics, gamma, beta, relu, residual };
}

/** What the backward kernels call the ways to tell where the rectifier was open. */
const RECTIFY = { not: 0, byInput: 1, byOutput: 2 };

/**
 * Records the gradients of `recordBatchNormTrain`.
 *
 * Where a rectified residual was added, or the gradient is a sum, `dy` is overwritten by the gradient past the rectifier.
 *
 * @param dy of x's shape and type. @param options.addend Likewise: the output's gradient is `dy + addend`.
 * @param dGamma, dBeta `[C]`; accumulated into, over all groups.
 * @returns `dx`, like x, overwritten; and the gradient of the residual, if one was added: it is `dy` itself, overwritten.
 * @throws {TypeError} If `dy` or the addend is not of x's type.
 */
export function recordBatchNormTrainBackward(
  recorder: Recorder,
  label: string,
  saved: BatchNormSaved,
  dy: Tensor,
  dGamma: Tensor,
  dBeta: Tensor,
  { addend }: { addend?: Tensor } = {},
): { dx: Tensor; dResidual: Tensor } {
  const { x, y, statistics, gamma, beta, groups, relu, residual } = saved, elem = elemOf(x);
  expectLike(dy, x, "a BatchNorm's output gradient");
  if (addend) expectLike(addend, x, "a part of a BatchNorm's output gradient");
  const { ROWS, C, VECTORS, CHUNKS, vector, eachOf } = layout(x, groups);
  const rectify = !relu ? RECTIFY.not : residual ? RECTIFY.byOutput : RECTIFY.byInput;
  const inPlace = addend !== undefined || rectify === RECTIFY.byOutput;
  const sums = recorder.alloc(`${label}.sums`, [groups, CHUNKS, 2, C]);
  const groupSums = recorder.alloc(`${label}.group_sums`, [groups, 2, C]);
  const operands = [x, dy, addend ?? x, rectify === RECTIFY.byOutput ? y : x];
  eachOf(operands, (operands, { sizes, group, chunking, chunkGrid }) => {
    recorder.dispatch(
      {
        name: "batch_norm_backward_partial",
        source: backwardPartialSource,
        elem,
        vector,
        overrides: {
          ...{ ...sizes, ...group, ...chunking },
          ...{ ADD: Number(addend !== undefined), RECTIFY: rectify, STORE: Number(inPlace) },
        },
      },
      [...operands, statistics, gamma, beta, sums],
      chunkGrid,
    );
  });
  const slices = slicesOf(recorder, CHUNKS, VECTORS);
  for (const range of groupRanges(groups, CHUNKS, slices)) {
    recorder.dispatch(
      {
        name: "batch_norm_backward_sums",
        source: backwardSumsSource,
        vector,
        overrides: { ...range, VECTORS, CHUNKS, ...slices },
      },
      [sums, groupSums, dGamma, dBeta],
      foldGrid(Math.ceil(VECTORS / slices.CHANNEL_LANES)),
    );
  }
  const dx = recorder.alloc(`${label}.dx`, x.shape, x.dtype, x);
  eachOf([x, dy, dx], ([x, dy, dx], { sizes, group, THREADS, threadGrid }) => {
    recorder.dispatch(
      {
        name: "batch_norm_backward_apply",
        source: backwardApplySource,
        elem,
        vector,
        overrides: {
          ...{ ...sizes, ...group, GROUP_ROWS: ROWS, THREADS },
          RECTIFY: Number(relu && !inPlace),
        },
      },
      [x, dy, statistics, groupSums, gamma, beta, dx],
      threadGrid,
    );
  });
  return { dx, dResidual: dy };
}

function recordApply(
  recorder: Recorder,
  label: string,
  x: Tensor,
  { statistics, gamma, beta }: { statistics: Tensor; gamma: Tensor; beta: Tensor },
  groups: number,
  { relu = false, residual }: Pick<BatchNormOptions, "relu" | "residual">,
): Tensor {
  if (residual) expectLike(residual, x, "a residual");
  const { vector, eachOf } = layout(x, groups), y = recorder.alloc(`${label}.y`, x.shape, x.dtype, x);
  eachOf([x, residual ?? x, y], ([x, residue, y], { sizes, group, THREADS, threadGrid }) => {
    recorder.dispatch(
      {
        name: "batch_norm_apply",
        source: applySource,
        elem: elemOf(x),
        vector,
        overrides: {
          ...{ ...sizes, ...group, THREADS },
          ...{ RELU: Number(relu), RESIDUAL: Number(residual !== undefined) },
        },
      },
      [x, statistics, gamma, beta, residue, y],
      threadGrid,
    );
  });
  return y;
}
