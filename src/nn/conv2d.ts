import packWeight from "../../kernels/pack_weight.wgsl" with { type: "text" };
import { eachPart } from "../gpu/parts.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { recordConv2dWeightGradient } from "./conv2d_weight_gradient.ts";
import type { FrozenNorm, PartialStatistics } from "./batch_norm.ts";
import { recordPixels, recordPixelsWithStatistics, takesFrozenNorm } from "./conv2d_pixels.ts";
import { type Conv2dOptions, type Conv2dSaved, conv2dSizes, PANEL } from "./conv2d_sizes.ts";
import { MATRIX_CHANNELS } from "./matrix_tiles.ts";
import { recordPadChannels } from "./pad_channels.ts";

/**
 * Records `y = conv2d(x, weight)`: cross-correlation, zero padding, no bias.
 *
 * @param x `[N, H, W, C]`, f32 or f16.
 * @param weight `[K, R, S, C]`, f32.
 * @param then The BatchNorm that follows.
 * @returns `y`, `[N, P, Q, K]` of x's type with `P = floor((H + 2·padding − R) / stride) + 1`, overwritten on every replay.
 *   `statistics` are what a BatchNorm by `then.groups` wants of it, where the device can make them along with the products;
 *   `isNormed` says whether y has been through `then.frozen`, as where the device is worth it and all channels are whole vectors.
 * @throws {RangeError} If ranks or channels disagree, the filter exceeds the padded input, or R · S · C (filled up to a multiple
 *   of four) exceeds 40,960.
 */
export function recordConv2d(
  recorder: Recorder,
  label: string,
  x: Tensor,
  weight: Tensor,
  options: Conv2dOptions,
  then: { groups?: number; frozen?: FrozenNorm } = {},
): { y: Tensor; saved: Conv2dSaved; statistics?: PartialStatistics; isNormed: boolean } {
  const { N, H, W, K, R, S, P, Q } = conv2dSizes(x, weight, options);
  const vectors = withWholeVectors(recorder, `${label}.x`, x);
  const y = recorder.alloc(`${label}.y`, [N, P, Q, wholeVectors(recorder, x, K)], x.dtype, vectors);
  const taps = { TAPS_R: R, TAPS_S: S, R_FIRST: 0, S_FIRST: 0, STEP: 1 };
  const packed = recorder.ofParameters(
    `${label}.packed`,
    (recorder) => recordPackedWeight(recorder, label, weight, vectors, taps, false),
  );
  const sizes = {
    ...{ N, X_H: H, X_W: W, C: vectors.shape[3], Y_H: P, Y_W: Q, K: y.shape[3], I_COUNT: P, J_COUNT: Q },
    ...{
      TAPS_R: R,
      TAPS_S: S,
      X_STEP: options.stride,
      X_DIR: 1,
      X_TOP: -options.padding,
      X_LEFT: -options.padding,
    },
    ...{ Y_STEP: 1, Y_TOP: 0, Y_LEFT: 0 },
  };
  const saved = { x, vectors, weight, options };
  const isWhole = y.shape[3] === K,
    frozen = isWhole && takesFrozenNorm(recorder, x) ? then.frozen : undefined;
  const statistics = isWhole && then.groups !== undefined
    ? recordPixelsWithStatistics(recorder, label, vectors, packed, y, sizes, then.groups)
    : undefined;
  if (!statistics) recordPixels(recorder, vectors, packed, y, sizes, frozen);
  return { y: recordPadChannels(recorder, label, y, K), saved, statistics, isNormed: frozen !== undefined };
}

/**
 * Records the gradients of `recordConv2d`.
 *
 * @param dy `[N, P, Q, K]`, of x's type.
 * @param dWeight `[K, R, S, C]`, f32; accumulated into.
 * @returns `dx`, `[N, H, W, C]`, overwritten; undefined if `needsInput` is false (a network's first layer).
 * @throws {RangeError} If shapes disagree, or a result of dx is the sum of more than 40,960 products.
 */
export function recordConv2dBackward(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
  dWeight: Tensor,
  needsInput = true,
): Tensor | undefined {
  const { x, weight, options } = saved;
  const { N, P, Q, K } = conv2dSizes(x, weight, options);
  expectShape(dy, [N, P, Q, K], "a convolution's output gradient");
  expectShape(dWeight, weight.shape, "a convolution's weight gradient");
  const vectors = withWholeVectors(recorder, `${label}.dy`, dy);
  eachPart([x, saved.vectors, vectors], ([x, padded, dy], part) => {
    const of = { ...saved, x, vectors: padded };
    recordConv2dWeightGradient(recorder, vectors.parts ? `${label}/${part}` : label, of, dy, dWeight);
  });
  return needsInput ? recordConv2dInputGradient(recorder, label, saved, vectors) : undefined;
}

/**
 * The half of `recordConv2dBackward` that makes `dx`. One dispatch for each parity of an input pixel: every one is a
 * dense convolution of `dy` with every stride-th tap.
 *
 * @param dy As `recordConv2dBackward`'s, channels filled up to whole vectors of four.
 */
export function recordConv2dInputGradient(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
): Tensor {
  const { N, H, W, C, R, S, P, Q } = conv2dSizes(saved.x, saved.weight, saved.options);
  const { stride, padding } = saved.options;
  const dx = recorder.alloc(`${label}.dx`, [N, H, W, wholeVectors(recorder, dy, C)], dy.dtype, dy);
  const axis = (parity: number, extent: number, taps: number) => {
    const first = (parity + padding) % stride; // the first tap that meets this parity
    return {
      count: Math.ceil((extent - parity) / stride),
      first,
      taps: Math.max(0, Math.ceil((taps - first) / stride)),
      origin: (parity + padding - first) / stride,
    };
  };
  for (let top = 0; top < Math.min(stride, H); top++) {
    for (let left = 0; left < Math.min(stride, W); left++) {
      const row = axis(top, H, R), column = axis(left, W, S);
      const taps = {
        ...{ TAPS_R: row.taps, TAPS_S: column.taps, R_FIRST: row.first, S_FIRST: column.first, STEP: stride },
      };
      // A parity that no tap meets gets its zeros all the same.
      const packed = row.taps * column.taps === 0
        ? undefined
        : recordPackedWeight(recorder, `${label}.${top}${left}`, saved.weight, dy, taps, true);
      recordPixels(recorder, dy, packed, dx, {
        ...{ N, X_H: P, X_W: Q, C: dy.shape[3], Y_H: H, Y_W: W, K: dx.shape[3] },
        ...{ I_COUNT: row.count, J_COUNT: column.count, TAPS_R: row.taps, TAPS_S: column.taps },
        ...{ X_STEP: 1, X_DIR: -1, X_TOP: row.origin, X_LEFT: column.origin },
        ...{ Y_STEP: stride, Y_TOP: top, Y_LEFT: left },
      });
    }
  }
  return recordPadChannels(recorder, `${label}.dx`, dx, C);
}

/** Taps of a filter: every STEP-th from the first, in each direction. */
interface Taps {
  TAPS_R: number;
  TAPS_S: number;
  R_FIRST: number;
  S_FIRST: number;
  STEP: number;
}

/** @param input What the weights will be multiplied with: their type and inner extent are its type and channels. */
function recordPackedWeight(
  recorder: Recorder,
  label: string,
  weight: Tensor,
  input: Tensor,
  taps: Taps,
  swap: boolean,
): Tensor {
  const [K, R, S, C] = weight.shape, INPUTS = input.shape[3], outputs = swap ? C : K;
  const shape = [Math.ceil(outputs / PANEL), taps.TAPS_R, taps.TAPS_S, INPUTS, PANEL];
  const packed = recorder.alloc(`${label}.packed${swap ? "_swapped" : ""}`, shape, input.dtype);
  recorder.dispatch(
    {
      name: "pack_weight",
      source: packWeight,
      elem: elemOf(input),
      overrides: { K, R, S, C, INPUTS, ...taps, SWAP: Number(swap) },
    },
    [weight, packed],
    foldGrid(Math.ceil(elementCount(shape) / 64)),
  );
  return packed;
}

/** The kernels load four channels at a time, those that multiply matrices eight: so many make a whole. */
function wholeVectors({ capabilities }: Recorder, { dtype }: Tensor, channels: number): number {
  const whole = dtype === "f16" && capabilities.matrices ? MATRIX_CHANNELS : 4;
  return Math.ceil(channels / whole) * whole;
}
const withWholeVectors = (recorder: Recorder, label: string, x: Tensor): Tensor =>
  recordPadChannels(recorder, label, x, wholeVectors(recorder, x, x.shape[3]));
