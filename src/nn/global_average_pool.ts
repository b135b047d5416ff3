import forwardSource from "../../kernels/global_average_pool.wgsl" with { type: "text" };
import partialSource from "../../kernels/global_average_pool_partial.wgsl" with { type: "text" };
import mergeSource from "../../kernels/global_average_pool_merge.wgsl" with { type: "text" };
import backwardSource from "../../kernels/global_average_pool_backward.wgsl" with { type: "text" };
import { cutAs, eachPart, placeOf } from "../gpu/parts.ts";
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
  const [N, , , C] = x.shape, y = recorder.alloc(`${label}.y`, [N, C], x.dtype);
  eachPart([x, cutAs(y, x)], ([x, y]) => recordMeans(recorder, label, x, y));
  return y;
}

function recordMeans(recorder: Recorder, label: string, x: Tensor, to: Tensor): void {
  const [N, H, W, C] = x.shape, PIXELS = H * W, elem = elemOf(x), { bound: y, start } = placeOf(to);
  const vector = vectorOf(C), VECTORS = C / vector;
  const overrides = { N, PIXELS, VECTORS },
    place: Record<string, number> = start > 0 ? { FIRST: start / vector } : {};
  const grid = (vectors: number) => foldGrid(Math.ceil(vectors / WORKGROUP_SIZE));
  if (PIXELS <= MAX_PIXELS) {
    recorder.dispatch(
      {
        name: "global_average_pool",
        source: forwardSource,
        elem,
        vector,
        overrides: { ...overrides, ...place },
      },
      [x, y],
      grid(N * VECTORS),
    );
    return;
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
    {
      name: "global_average_pool_merge",
      source: mergeSource,
      elem,
      vector,
      overrides: { ...chunked, ...place },
    },
    [sums, y],
    grid(N * VECTORS),
  );
}

/**
 * Records `dx[n, h, w, c] = dy[n, c] / (H · W)`.
 *
 * @param xShape `[N, H, W, C]`. @param dy `[N, C]`, f32 or f16. @param like What dx is laid out in parts as: x.
 */
export function recordGlobalAveragePoolBackward(
  recorder: Recorder,
  label: string,
  xShape: readonly number[],
  dy: Tensor,
  like?: Tensor,
): Tensor {
  const [N, H, W, C] = xShape, vector = vectorOf(C), VECTORS = C / vector;
  expectShape(dy, [N, C], "a pool's output gradient");
  const dx = recorder.alloc(`${label}.dx`, xShape, dy.dtype, like);
  eachPart([cutAs(dy, dx), dx], ([from, dx]) => {
    const LENGTH = dx.shape[0] * H * W * VECTORS, { bound, start } = placeOf(from);
    const place: Record<string, number> = start > 0 ? { FIRST: start / vector } : {};
    recorder.dispatch(
      {
        name: "global_average_pool_backward",
        source: backwardSource,
        elem: elemOf(dy),
        vector,
        overrides: { LENGTH, PIXELS: H * W, VECTORS, ...place },
      },
      [bound, dx],
      elementwiseGrid(LENGTH),
    );
  });
  return dx;
}
