import { z } from "zod";

const share = z.number().min(0).max(1);
/** A range to draw from, evenly: least, then most. */
const range = (least: number, most: number) =>
  z.tuple([z.number().min(least).max(most), z.number().min(least).max(most)])
    .refine(([from, to]) => from <= to, { error: "must be [least, most], least first" });

/**
 * What one view's augmentation may draw. Order: crop, flip, jitter, grayscale, blur, solarise, clip, normalise
 * (byol.md §A7). Plain numbers are probabilities, unless they are a strength of `jitter`.
 */
export const ViewAugmentation = z.strictObject({
  crop: z.strictObject({ area: range(0.001, 1), aspect: range(0.1, 10) }).describe(
    "The crop's area as a share of the image's, and its width over its height, drawn evenly by its logarithm: each [least, most]",
  ),
  flip: share,
  jitter: z.strictObject({
    probability: share,
    brightness: share,
    contrast: share,
    saturation: share,
    hue: z.number().min(0).max(0.5),
  }).describe(
    "Brightness adds up to ± its strength; contrast and saturation multiply by 1 ± theirs; hue turns by ± its share of a circle",
  ),
  grayscale: share,
  blur: z.strictObject({ probability: share, sigma: range(0.01, 100) })
    .describe("The deviation is drawn in pixels; the kernel's length follows from `px`"),
  solarize: share,
}).describe("Plain numbers are probabilities, unless they are a strength of `jitter`");
export type ViewAugmentation = z.infer<typeof ViewAugmentation>;

/** Augmentations by name. `none` gives the model what inference would see, twice. */
export const AUGMENTATIONS = ["byol", "byol-symmetric", "cifar", "grayscale", "none"] as const;

const CIFAR_VIEW: ViewAugmentation = {
  crop: { area: [0.08, 1], aspect: [3 / 4, 4 / 3] },
  flip: 0.5,
  jitter: { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 },
  grayscale: 0.2,
  blur: { probability: 0, sigma: [0.1, 2] },
  solarize: 0,
};
const blurred = (probability: number) => ({ ...CIFAR_VIEW.blur, probability });
/** Only what changes lightness: of gray pixels, saturation and hue leave everything as it is. */
const GRAY_VIEW: ViewAugmentation = {
  ...CIFAR_VIEW,
  jitter: { ...CIFAR_VIEW.jitter, saturation: 0, hue: 0 },
  grayscale: 0,
};

/**
 * Presets by name, view 1 then view 2:
 * - `byol`: the paper's two distributions (its Table 6); view 1 is always blurred, view 2 solarised at times.
 * - `byol-symmetric`: both views alike, as good in the paper (its Table 17).
 * - `cifar`: `byol` without blur, the convention at 32 px.
 * - `grayscale`: `byol` for images whose three channels are one: without its operations on colour. Images whose
 *   meaning a mirror changes (letters, say) are flipped all the same.
 */
export const AUGMENTATION_PRESETS: Record<
  Exclude<typeof AUGMENTATIONS[number], "none">,
  readonly [ViewAugmentation, ViewAugmentation]
> = {
  byol: [{ ...CIFAR_VIEW, blur: blurred(1) }, { ...CIFAR_VIEW, blur: blurred(0.1), solarize: 0.2 }],
  "byol-symmetric": [
    { ...CIFAR_VIEW, blur: blurred(0.5), solarize: 0.2 },
    { ...CIFAR_VIEW, blur: blurred(0.5), solarize: 0.2 },
  ],
  cifar: [CIFAR_VIEW, { ...CIFAR_VIEW, solarize: 0.2 }],
  grayscale: [{ ...GRAY_VIEW, blur: blurred(1) }, { ...GRAY_VIEW, blur: blurred(0.1), solarize: 0.2 }],
};

/** A name, or the two views' distributions in full. */
export const Augmentation = z.union([
  z.enum(AUGMENTATIONS),
  z.strictObject({ view1: ViewAugmentation, view2: ViewAugmentation }).meta({
    // For whoever begins with a preset and changes a number of it.
    "x-presets": Object.fromEntries(
      Object.entries(AUGMENTATION_PRESETS).map(([name, [view1, view2]]) => [name, { view1, view2 }]),
    ),
  }),
], { error: `must be one of ${AUGMENTATIONS.join(", ")}, or an object of view1 and view2` })
  .describe(
    "A name, or both views' distributions in full; where it is left out `byol`, and `cifar` for views of at most 64 pixels",
  );
export type Augmentation = z.infer<typeof Augmentation>;
