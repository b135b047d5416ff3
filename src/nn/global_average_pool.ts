import forwardSource from "../../kernels/global_average_pool.wgsl" with { type: "text" };
import backwardSource from "../../kernels/global_average_pool_backward.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { elementwiseGrid, vectorOf } from "./elementwise.ts";

/** Mesa's CPU driver ends an invocation's loops, without a word, after 65,535 rounds: a pixel takes a little over one. */
const MAX_PIXELS = 49_152;

/**
 * Records the mean over an image's pixels.
 *
 * @param x `[N, H, W, C]`, f32 or f16.
 * @returns `y`, `[N, C]`, of x's type, overwritten on every replay.
 * @throws {RangeError} If x is not of rank 4, or an image has more than 49,152 pixels.
 */
export function recordGlobalAveragePool(recorder: Recorder, label: string, x: Tensor): Tensor {
  if (x.shape.length !== 4) {
    throw new RangeError(`Cannot pool ${x.label}: rank must be 4, got shape [${x.shape}]`);
  }
  const [N, H, W, C] = x.shape;
  if (H * W > MAX_PIXELS) {
    throw new RangeError(`Cannot pool ${x.label}: at most ${MAX_PIXELS} pixels an image, got ${H * W}`);
  }
  const y = recorder.alloc(`${label}.y`, [N, C], x.dtype);
  const vector = vectorOf(C), VECTORS = C / vector, overrides = { N, PIXELS: H * W, VECTORS };
  recorder.dispatch(
    { name: "global_average_pool", source: forwardSource, elem: elemOf(x), vector, overrides },
    [x, y],
    foldGrid(Math.ceil((N * VECTORS) / 64)),
  );
  return y;
}

/** Records `dx[n, h, w, c] = dy[n, c] / (H · W)`. @param xShape `[N, H, W, C]`. @param dy `[N, C]`, f32 or f16. */
export function recordGlobalAveragePoolBackward(
  recorder: Recorder,
  label: string,
  xShape: readonly number[],
  dy: Tensor,
): Tensor {
  const [N, H, W, C] = xShape, vector = vectorOf(C), VECTORS = C / vector, LENGTH = N * H * W * VECTORS;
  expectShape(dy, [N, C], "a pool's output gradient");
  const dx = recorder.alloc(`${label}.dx`, xShape, dy.dtype);
  recorder.dispatch(
    {
      name: "global_average_pool_backward",
      source: backwardSource,
      elem: elemOf(dy),
      vector,
      overrides: { LENGTH, PIXELS: H * W, VECTORS },
    },
    [dy, dx],
    elementwiseGrid(LENGTH),
  );
  return dx;
}
