import forwardSource from "../../kernels/max_pool.wgsl" with { type: "text" };
import backwardSource from "../../kernels/max_pool_backward.wgsl" with { type: "text" };
import { eachPart } from "../gpu/parts.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { recordPadChannels } from "./pad_channels.ts";

const WORKGROUP_SIZE = 64;
/** Channels that one invocation takes, and that share a word of `chosen`; others are filled up to a multiple of them. */
const CHANNELS = 4;

export interface MaxPoolOptions {
  /** Rows and columns of the square window, at most 16: which of its pixels won is kept in a byte. */
  window: number;
  stride: number;
  /** Pixels on every side that never win. At most half the window, so that none is empty. */
  padding: number;
}
/**
 * What backward needs of forward: the winner of each window, a byte a channel. To write and read that is 2 bytes for an
 * output element; to find the winner again takes x and y, 4·stride² + 4 bytes, and a u32 index would take 8.
 */
export interface MaxPoolSaved {
  chosen: Tensor;
  shape: readonly [N: number, H: number, W: number, C: number];
  options: MaxPoolOptions;
}

/**
 * Records the maximum of each window. As in PyTorch, the first of equal values in row-major order is the one that the
 * gradient goes to, and a window with NaN in it gives NaN.
 *
 * @param x `[N, H, W, C]`, f32 or f16.
 * @returns `y`, `[N, P, Q, C]` of x's type with `P = floor((H + 2·padding − window) / stride) + 1`, overwritten on every replay.
 * @throws {RangeError} If x is not of rank 4, the window exceeds the padded input or 16, or the padding half the window.
 */
export function recordMaxPool(
  recorder: Recorder,
  label: string,
  x: Tensor,
  options: MaxPoolOptions,
): { y: Tensor; saved: MaxPoolSaved } {
  if (x.shape.length !== 4) {
    throw new RangeError(`Cannot pool ${x.label}: rank must be 4, got shape [${x.shape}]`);
  }
  const [N, H, W, C] = x.shape, shape = [N, H, W, C] as const, sizes = geometry(shape, options);
  const { P, Q, VECTORS } = sizes, vectors = recordPadChannels(recorder, `${label}.x`, x, CHANNELS * VECTORS);
  const y = recorder.alloc(`${label}.y`, [N, P, Q, CHANNELS * VECTORS], x.dtype, x);
  const chosen = recorder.alloc(`${label}.chosen`, [N, P, Q, VECTORS], "u32", x);
  eachPart([vectors, y, chosen], ([vectors, y, chosen]) => {
    const [N] = y.shape;
    recorder.dispatch(
      { name: "max_pool", source: forwardSource, elem: elemOf(x), overrides: { ...sizes, N } },
      [vectors, y, chosen],
      foldGrid(Math.ceil((N * P * Q * VECTORS) / WORKGROUP_SIZE)),
    );
  });
  return { y: recordPadChannels(recorder, label, y, C), saved: { chosen, shape, options } };
}

/**
 * Records the gradient of `recordMaxPool`: each pixel gathers from the windows that it won.
 *
 * @param dy `[N, P, Q, C]`, f32 or f16.
 * @returns `dx`, `[N, H, W, C]` of dy's type, overwritten.
 */
export function recordMaxPoolBackward(
  recorder: Recorder,
  label: string,
  { chosen, shape, options }: MaxPoolSaved,
  dy: Tensor,
): Tensor {
  const [N, H, W, C] = shape, sizes = geometry(shape, options);
  expectShape(dy, [N, sizes.P, sizes.Q, C], "a pool's output gradient");
  const { VECTORS } = sizes, vectors = recordPadChannels(recorder, `${label}.dy`, dy, CHANNELS * VECTORS);
  const dx = recorder.alloc(`${label}.dx`, [N, H, W, CHANNELS * VECTORS], dy.dtype, dy);
  eachPart([chosen, vectors, dx], ([chosen, vectors, dx]) => {
    const [N] = dx.shape;
    recorder.dispatch(
      { name: "max_pool_backward", source: backwardSource, elem: elemOf(dy), overrides: { ...sizes, N } },
      [chosen, vectors, dx],
      foldGrid(Math.ceil((N * H * W * VECTORS) / WORKGROUP_SIZE)),
    );
  });
  return recordPadChannels(recorder, `${label}.dx`, dx, C);
}

function geometry(
  [N, H, W, C]: readonly [number, number, number, number],
  { window, stride, padding }: MaxPoolOptions,
) {
  if (window < 1 || window > 16 || padding < 0 || 2 * padding > window) {
    throw new RangeError(
      `Cannot pool: the window must be 1 … 16 and the padding at most half of it, got ${window} and ${padding}`,
    );
  }
  const P = Math.floor((H + 2 * padding - window) / stride) + 1,
    Q = Math.floor((W + 2 * padding - window) / stride) + 1;
  if (P < 1 || Q < 1) {
    throw new RangeError(
      `Cannot pool: a ${window}×${window} window exceeds ${H}×${W} pixels and padding ${padding}`,
    );
  }
  return {
    N,
    H,
    W,
    VECTORS: Math.ceil(C / CHANNELS),
    P,
    Q,
    R: window,
    S: window,
    STRIDE: stride,
    PAD: padding,
  };
}
