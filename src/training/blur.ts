import source from "../../kernels/gaussian_blur.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, expectShape, type Tensor } from "../gpu/tensor.ts";

const WORKGROUP_SIZE = 64;

/** Neighbours on each side that a blur of `px` pixels takes in: its kernel is 2·⌊(px/10)/2⌋ + 1 long (byol.md §A7). */
export const blurRadius = (px: number): number => Math.floor(px / 20);

/**
 * Writes a Gaussian's weights, of a sum of 1 over the whole kernel, from the centre outwards.
 *
 * @param sigma In pixels; 0 for none: the weights are then 1, 0, 0 …, by which the kernel knows what to leave alone.
 * @param taps `radius + 1` places.
 */
export function writeBlurTaps(sigma: number, taps: Float32Array): void {
  const weights = Float64Array.from(taps, (_, k) => k === 0 ? 1 : Math.exp(-(k * k) / (2 * sigma * sigma)));
  const sum = weights.reduce((sum, w, k) => sum + (k === 0 ? w : 2 * w), 0);
  taps.set(weights.map((w) => w / sum));
}

/**
 * Records a Gaussian blur of each image, in place: along rows, then along columns, with zeros beyond the border.
 *
 * @param x `[rows, px, px, 3]` f32; overwritten.
 * @param taps `[at least first + rows, radius + 1]` f32, radius ≥ 1: each image's, as `writeBlurTaps` writes them.
 * @param first The row of the first image's.
 * @throws {RangeError} If the shapes disagree.
 */
export function recordGaussianBlur(recorder: Recorder, x: Tensor, taps: Tensor, first = 0): void {
  const [rows, px] = x.shape, radius = taps.shape[1] - 1;
  expectShape(x, [rows, px, px, 3], "images to blur");
  expectShape(taps, [Math.max(taps.shape[0], first + rows), Math.max(2, radius + 1)], "a blur's taps");
  const across = recorder.alloc("views.blurred_along_rows", x.shape);
  for (const [from, to, alongColumns] of [[x, across, false], [across, x, true]] as const) {
    recorder.dispatch(
      {
        name: "gaussian_blur",
        source,
        overrides: {
          ...{ ROWS: rows, PX: px, RADIUS: radius, ALONG_COLUMNS: Number(alongColumns) },
          ...first > 0 && { FIRST_ROW: first },
        },
      },
      [taps, from, to],
      foldGrid(Math.ceil(elementCount(x.shape) / WORKGROUP_SIZE)),
    );
  }
}
