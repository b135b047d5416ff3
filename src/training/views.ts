import cropResize from "../../kernels/crop_resize.wgsl" with { type: "text" };
import colorAugment from "../../kernels/color_augment.wgsl" with { type: "text" };
import solarizeNormalize from "../../kernels/solarize_normalize.wgsl" with { type: "text" };
import { cut, eachPart } from "../gpu/parts.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import type { ViewDraw } from "./augment.ts";
import { recordGaussianBlur, writeBlurTaps } from "./blur.ts";

/** Words of one view's row in `crops` and in `colors`. */
export const VIEW_WORDS = 8;
const WORKGROUP_SIZE = 64;

/** What a batch's views are made from; one row a view in each table, as `packView` and `packBlur` write them. */
export interface ViewInputs {
  /** `[words]` u32: the batch's images as packed 8-bit RGB. */
  pixels: Tensor;
  /** `[rows, 8]` u32. */
  crops: Tensor;
  /** `[rows, 8]` f32. */
  colors: Tensor;
  /** `[rows, radius + 1]` f32; without it no blur is recorded. */
  blurTaps?: Tensor;
}

/**
 * Records the augmentation of a batch: crop, resize to `px`, flip, jitter, grayscale, blur, solarise, clip, normalise.
 *
 * @param dtype What the views are stored as; they are computed in f32.
 * @param views How many an image has: rows are the first view's of every image, then the second's.
 * @returns `[rows, px, px, 3]`, overwritten on every replay; in parts, where a binding does not take it in f32.
 * @throws {RangeError} If the tables' shapes differ.
 */
export function recordViews(
  recorder: Recorder,
  { pixels, crops, colors, blurTaps }: ViewInputs,
  px: number,
  { mean, std }: { mean: readonly [number, number, number]; std: readonly [number, number, number] },
  dtype: "f32" | "f16" = "f32",
  views = 1,
): Tensor {
  const [rows] = crops.shape;
  expectShape(crops, [rows, VIEW_WORDS], "a table of crops");
  expectShape(colors, [rows, VIEW_WORDS], "a table of colours");
  const shape = [rows, px, px, 3], whole: Tensor = { label: "views", shape, dtype };
  const like = cut(whole, views, 4 * 3 * px * px, recorder.capabilities.bindingBytes);
  const all = recorder.alloc("views", shape, dtype, like);
  let first = 0; // the row of the tables that a part's first image has
  eachPart([recorder.alloc("views.drawn", shape, "f32", like), all], ([drawn, x]) => {
    const [ROWS] = x.shape, place: Record<string, number> = first > 0 ? { FIRST_ROW: first } : {};
    const onePixelEach = foldGrid(Math.ceil((ROWS * px * px) / WORKGROUP_SIZE));
    recorder.dispatch(
      { name: "crop_resize", source: cropResize, overrides: { ROWS, PX: px, ...place } },
      [pixels, crops, drawn],
      onePixelEach,
    );
    recorder.dispatch(
      { name: "color_augment", source: colorAugment, overrides: { ROWS, PIXELS: px * px, ...place } },
      [colors, drawn],
      foldGrid(ROWS),
    );
    if (blurTaps) recordGaussianBlur(recorder, drawn, blurTaps, first);
    recorder.dispatch(
      {
        name: "solarize_normalize",
        source: solarizeNormalize,
        elem: elemOf(x),
        overrides: {
          ...{ ROWS, PIXELS: px * px, ...place },
          ...{ MEAN_R: mean[0], MEAN_G: mean[1], MEAN_B: mean[2] },
          ...{ STD_R: std[0], STD_G: std[1], STD_B: std[2] },
        },
      },
      [colors, drawn, x],
      onePixelEach,
    );
    first += ROWS;
  });
  return all;
}

/**
 * Writes one view's row of the tables of crops and colours.
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

/** Writes one view's row of the table of blur taps, `blurRadius(px) + 1` values. */
export function packBlur(draw: ViewDraw, row: number, radius: number, taps: Float32Array): void {
  writeBlurTaps(draw.blur ? draw.sigma : 0, taps.subarray(row * (radius + 1), (row + 1) * (radius + 1)));
}
