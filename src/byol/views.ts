import cropResize from "../../kernels/crop_resize.wgsl" with { type: "text" };
import colorAugment from "../../kernels/color_augment.wgsl" with { type: "text" };
import { foldGrid, MAX_WORKGROUPS, type Recorder } from "../gpu/recorder.ts";
import { expectShape, type Tensor } from "../gpu/tensor.ts";
import type { ViewDraw } from "./augment.ts";

/** Words of one view's row in `crops` and in `colors`. */
export const VIEW_WORDS = 8;
const WORKGROUP_SIZE = 64;

/**
 * Records the augmentation of a batch: crop, resize to `px`, flip, then colour, clipping and normalisation.
 *
 * @param pixels `[words]` u32: the batch's images as packed 8-bit RGB.
 * @param crops `[rows, 8]` u32 and `colors` `[rows, 8]` f32: one row a view, as `packView` writes them.
 * @returns `[rows, px, px, 3]`, overwritten on every replay.
 * @throws {RangeError} If there are more rows than one dispatch takes, or the tables' shapes differ.
 */
export function recordViews(
  recorder: Recorder,
  inputs: { pixels: Tensor; crops: Tensor; colors: Tensor },
  px: number,
  channels: { mean: readonly [number, number, number]; std: readonly [number, number, number] },
): Tensor {
  const [rows] = inputs.crops.shape;
  expectShape(inputs.crops, [rows, VIEW_WORDS], "a table of crops");
  expectShape(inputs.colors, [rows, VIEW_WORDS], "a table of colours");
  if (rows > MAX_WORKGROUPS) {
    throw new RangeError(`Cannot augment a batch: at most ${MAX_WORKGROUPS} views, got ${rows}`);
  }
  const x = recorder.alloc("views", [rows, px, px, 3]);
  recorder.dispatch(
    { name: "crop_resize", source: cropResize, overrides: { ROWS: rows, PX: px } },
    [inputs.pixels, inputs.crops, x],
    foldGrid(Math.ceil((rows * px * px) / WORKGROUP_SIZE)),
  );
  const { mean, std } = channels;
  recorder.dispatch(
    {
      name: "color_augment",
      source: colorAugment,
      overrides: {
        PIXELS: px * px,
        ...{ MEAN_R: mean[0], MEAN_G: mean[1], MEAN_B: mean[2] },
        ...{ STD_R: std[0], STD_G: std[1], STD_B: std[2] },
      },
    },
    [inputs.colors, x],
    [rows],
  );
  return x;
}

/**
 * Writes one view's row of both tables.
 *
 * @param offset Where the image's first byte stands in the packed pixels.
 */
export function packView(
  draw: ViewDraw,
  image: { offset: number; width: number; height: number },
  row: number,
  crops: Uint32Array,
  colors: Float32Array,
): void {
  const { left, top, width, height, flip } = draw, at = row * VIEW_WORDS;
  crops.set([image.offset, image.width, image.height, left, top, width, height, Number(flip)], at);
  const order = draw.order.reduce((packed, operation, k) => packed | (operation << (2 * k)), 0);
  colors.set([
    Number(draw.jitter),
    order,
    draw.brightness,
    draw.contrast,
    draw.saturation,
    draw.hue,
    Number(draw.grayscale),
    Number(draw.solarize),
  ], at);
}
