import packWeight from "../../kernels/pack_weight.wgsl" with { type: "text" };
import conv2d from "../../kernels/conv2d.wgsl" with { type: "text" };
import weightGradient from "../../kernels/conv2d_weight_gradient.wgsl" with { type: "text" };
import conv2dSubgroup8 from "../../kernels/conv2d_subgroup8.wgsl" with { type: "text" };
import weightGradientSubgroup8 from "../../kernels/conv2d_weight_gradient_subgroup8.wgsl" with {
  type: "text",
};
import reduceSplits from "../../kernels/reduce_splits.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, expectShape, type Tensor } from "../gpu/tensor.ts";

/** Lanes of a workgroup: one subgroup of a CPU driver, and a fraction of a GPU's. */
const WORKGROUP_SIZE = 8;
/** Columns (or pixels) and channels that one invocation makes; they stand in the kernels. */
const COLUMNS = 8, CHANNELS = 16;
/** Whether the kernels that hand values round a subgroup of eight may be used. They make the same bits, faster. */
const inSubgroupsOf8 = (recorder: Recorder): boolean => recorder.capabilities.subgroupSize === 8;
/** The weight gradient's reduction is split until there are workgroups to fill a device, but no further: splits cost memory. */
const ENOUGH_WORKGROUPS = 4096, MAX_SPLITS = 64;

export interface Conv2dOptions {
  stride: number;
  /** Zeros added on every side. */
  padding: number;
}
/** What backward needs of forward: nothing but the input and the weight themselves. */
export interface Conv2dSaved {
  x: Tensor;
  weight: Tensor;
  options: Conv2dOptions;
}

/**
 * Records `y = conv2d(x, weight)`: cross-correlation, zero padding, no bias.
 *
 * @param x `[N, H, W, C]`.
 * @param weight `[K, R, S, C]`.
 * @returns `y`, `[N, P, Q, K]` with `P = floor((H + 2·padding − R) / stride) + 1`, overwritten on every replay.
 * @throws {RangeError} If ranks or channels disagree, or the filter exceeds the padded input.
 */
export function recordConv2d(
  recorder: Recorder,
  label: string,
  x: Tensor,
  weight: Tensor,
  options: Conv2dOptions,
): { y: Tensor; saved: Conv2dSaved } {
  const { N, H, W, C, K, R, S, P, Q } = geometry(x, weight, options);
  const y = recorder.alloc(`${label}.y`, [N, P, Q, K]);
  const packed = recordPackedWeight(recorder, label, weight, false);
  recordPixels(recorder, x, packed, y, {
    ...{ N, X_H: H, X_W: W, C, Y_H: P, Y_W: Q, K, I_COUNT: P, J_COUNT: Q },
    ...{ TAPS: R * S, TAPS_R: R, TAPS_S: S, S, R_FIRST: 0, S_FIRST: 0, R_STEP: 1 },
    ...{ X_STEP: options.stride, X_DIR: 1, X_TOP: -options.padding, X_LEFT: -options.padding },
    ...{ Y_STEP: 1, Y_TOP: 0, Y_LEFT: 0 },
  });
  return { y, saved: { x, weight, options } };
}

/**
 * Records the gradients of `recordConv2d`.
 *
 * @param dy `[N, P, Q, K]`.
 * @param dWeight `[K, R, S, C]`; accumulated into.
 * @returns `dx`, `[N, H, W, C]`, overwritten; undefined if `needsInput` is false (a network's first layer).
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
  const { N, P, Q, K } = geometry(x, weight, options);
  expectShape(dy, [N, P, Q, K], "a convolution's output gradient");
  expectShape(dWeight, weight.shape, "a convolution's weight gradient");
  recordConv2dWeightGradient(recorder, label, saved, dy, dWeight);
  return needsInput ? recordConv2dInputGradient(recorder, label, saved, dy) : undefined;
}

/** The half of `recordConv2dBackward` that accumulates into `dWeight`: split over output rows, then summed. */
export function recordConv2dWeightGradient(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
  dWeight: Tensor,
): void {
  const { N, H, W, C, K, R, S, P, Q } = geometry(saved.x, saved.weight, saved.options);
  const { stride, padding } = saved.options;
  const tiles = [Math.ceil((R * S * C) / (COLUMNS * WORKGROUP_SIZE)), panels(K)];
  const wanted = Math.min(MAX_SPLITS, N * P, Math.ceil(ENOUGH_WORKGROUPS / (tiles[0] * tiles[1])));
  const rowsPerSplit = Math.ceil((N * P) / wanted);
  const splits = Math.ceil((N * P) / rowsPerSplit);
  const partial = recorder.alloc(`${label}.dWeight.partial`, [splits, K, R * S * C]);
  const sizes = { N, H, W, C, P, Q, K, R, S, STRIDE: stride, PAD: padding, ROWS_PER_SPLIT: rowsPerSplit };
  const grid = [...tiles, splits], flops = 2 * N * P * Q * K * R * S * C;
  if (inSubgroupsOf8(recorder)) {
    recorder.dispatch(
      { name: "conv2d_weight_gradient_subgroup8", source: weightGradientSubgroup8 },
      [saved.x, dy, recorder.constant(Object.values(sizes)), partial],
      grid,
      { flops },
    );
  } else {
    recorder.dispatch(
      { name: "conv2d_weight_gradient", source: weightGradient, overrides: sizes },
      [saved.x, dy, partial],
      grid,
      { flops },
    );
  }
  const length = elementCount(dWeight.shape);
  recorder.dispatch(
    { name: "reduce_splits", source: reduceSplits, overrides: { SPLITS: splits, LENGTH: length } },
    [partial, dWeight],
    foldGrid(Math.ceil(length / 64)),
  );
}

/**
 * The half of `recordConv2dBackward` that makes `dx`. One dispatch for each parity of an input pixel: every one is a
 * dense convolution of `dy` with every stride-th tap.
 */
export function recordConv2dInputGradient(
  recorder: Recorder,
  label: string,
  saved: Conv2dSaved,
  dy: Tensor,
): Tensor {
  const { N, H, W, C, K, R, S, P, Q } = geometry(saved.x, saved.weight, saved.options);
  const { stride, padding } = saved.options;
  const dx = recorder.alloc(`${label}.dx`, [N, H, W, C]);
  const packed = recordPackedWeight(recorder, label, saved.weight, true);
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
      recordPixels(recorder, dy, packed, dx, {
        ...{ N, X_H: P, X_W: Q, C: K, Y_H: H, Y_W: W, K: C, I_COUNT: row.count, J_COUNT: column.count },
        ...{ TAPS: R * S, TAPS_R: row.taps, TAPS_S: column.taps, S },
        ...{ R_FIRST: row.first, S_FIRST: column.first, R_STEP: stride },
        ...{ X_STEP: 1, X_DIR: -1, X_TOP: row.origin, X_LEFT: column.origin },
        ...{ Y_STEP: stride, Y_TOP: top, Y_LEFT: left },
      });
    }
  }
  return dx;
}

function recordPackedWeight(recorder: Recorder, label: string, weight: Tensor, swap: boolean): Tensor {
  const [K, R, S, C] = weight.shape;
  const shape = swap ? [panels(C), R * S, K, CHANNELS] : [panels(K), R * S, C, CHANNELS];
  const packed = recorder.alloc(`${label}.packed${swap ? "_swapped" : ""}`, shape);
  recorder.dispatch(
    { name: "pack_weight", source: packWeight, overrides: { K, TAPS: R * S, C, SWAP: Number(swap) } },
    [weight, packed],
    foldGrid(Math.ceil(elementCount(shape) / 64)),
  );
  return packed;
}

const panels = (channels: number): number => Math.ceil(channels / CHANNELS);

/** The output pixels and filter taps of one dispatch, as conv2d.wgsl's header puts them; in the kernels' order. */
interface PixelGeometry {
  N: number;
  X_H: number;
  X_W: number;
  C: number;
  Y_H: number;
  Y_W: number;
  K: number;
  I_COUNT: number;
  J_COUNT: number;
  TAPS: number;
  TAPS_R: number;
  TAPS_S: number;
  S: number;
  R_FIRST: number;
  S_FIRST: number;
  R_STEP: number;
  X_STEP: number;
  X_DIR: number;
  X_TOP: number;
  X_LEFT: number;
  Y_STEP: number;
  Y_TOP: number;
  Y_LEFT: number;
}

function recordPixels(recorder: Recorder, x: Tensor, w: Tensor, y: Tensor, sizes: PixelGeometry): void {
  const { N, I_COUNT, J_COUNT, K } = sizes;
  const grid = (tiles: number) => [...foldGrid(Math.ceil(tiles / WORKGROUP_SIZE)), panels(K)];
  const flops = 2 * N * I_COUNT * J_COUNT * sizes.TAPS_R * sizes.TAPS_S * sizes.C * K;
  if (inSubgroupsOf8(recorder)) {
    // An invocation's pixels are any eight; in the other kernel, neighbours of one row.
    recorder.dispatch(
      { name: "conv2d_subgroup8", source: conv2dSubgroup8 },
      [x, w, recorder.constant(Object.values(sizes)), y],
      grid(Math.ceil((N * I_COUNT * J_COUNT) / COLUMNS)),
      { flops },
    );
  } else {
    recorder.dispatch(
      { name: "conv2d", source: conv2d, overrides: { ...sizes } },
      [x, w, y],
      grid(N * I_COUNT * Math.ceil(J_COUNT / COLUMNS)),
      { flops },
    );
  }
}

function geometry(x: Tensor, weight: Tensor, { stride, padding }: Conv2dOptions) {
  const [N, H, W, C] = x.shape, [K, R, S, weightC] = weight.shape;
  if (x.shape.length !== 4 || weight.shape.length !== 4 || C !== weightC) {
    throw new RangeError(
      `Cannot convolve ${x.label} with ${weight.label}: shapes must be [N, H, W, C] and [K, R, S, C], ` +
        `got [${x.shape}] and [${weight.shape}]`,
    );
  }
  const P = Math.floor((H + 2 * padding - R) / stride) + 1,
    Q = Math.floor((W + 2 * padding - S) / stride) + 1;
  if (P < 1 || Q < 1) {
    throw new RangeError(
      `Cannot convolve ${x.label}: a ${R}×${S} filter exceeds its ${H}×${W} pixels and padding ${padding}`,
    );
  }
  return { N, H, W, C, K, R, S, P, Q };
}
