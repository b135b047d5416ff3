import forwardSource from "../../kernels/global_average_pool.wgsl" with { type: "text" };
import partialSource from "../../kernels/global_average_pool_partial.wgsl" with { type: "text" };
import mergeSource from "../../kernels/global_average_pool_merge.wgsl" with { type: "text" };
import backwardSource from "../../kernels/global_average_pool_backward.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { elementwiseGrid, MAX_ROUNDS, vectorOf } from "./elementwise.ts";

const WORKGROUP_SIZE = 64;
/** Pixels of an image that are one sum; a pixel takes a little over a round. */
const MAX_PIXELS = MAX_ROUNDS;

/**
 * Records the mean over an image's pixels: in one pass, or of images of more than 49,152 pixels in two.
 *
 * @param x `[N, H, W, C]`, f32 or f16.
 * @returns `y`, `[N, C]`, of x's type, overwritten on every replay.
 * @throws {RangeError} If x is not of rank 4.
 */
export function recordGlobalAveragePool(recorder: Recorder, label: string, x: Tensor): Tensor {
  if (x.shape.length !== 4) {
    throw new RangeError(`Cannot pool ${x.label}: rank must be 4, got shape [${x.shape}]`);
  }
  const [N, H, W, C] = x.shape, PIXELS = H * W, elem = elemOf(x);
  const y = recorder.alloc(`${label}.y`, [N, C], x.dtype);
  const vector = vectorOf(C), VECTORS = C / vector, overrides = { N, PIXELS, VECTORS };
  const grid = (vectors: number) => foldGrid(Math.ceil(vectors / WORKGROUP_SIZE));
  if (PIXELS <= MAX_PIXELS) {
    recorder.dispatch(
      { name: "global_average_pool", source: forwardSource, elem, vector, overrides },
      [x, y],
      grid(N * VECTORS),
    );
    return y;
  }
  // About as many chunks as pixels of one: the rounds of both passes grow with the root, and reach no limit.
  const PIXELS_PER_CHUNK = 2 ** Math.ceil(Math.log2(PIXELS) / 2),
    CHUNKS = Math.ceil(PIXELS / PIXELS_PER_CHUNK);
  const sums = recorder.alloc(`${label}.sums`, [N, CHUNKS, C]), chunked = { ...overrides, CHUNKS };
  recorder.dispatch(
    {
      name: "global_average_pool_partial",
      source: partialSource,
      elem,
      vector,
      overrides: { ...chunked, PIXELS_PER_CHUNK },
    },
    [x, sums],
    grid(N * CHUNKS * VECTORS),
  );
  recorder.dispatch(
    { name: "global_average_pool_merge", source: mergeSource, elem, vector, overrides: chunked },
    [sums, y],
    grid(N * VECTORS),
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
