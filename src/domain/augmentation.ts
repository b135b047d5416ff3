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

/** Augmentations by name. `training/augment.ts` says what each is; `none` gives the model what inference would see, twice. */
export const AUGMENTATIONS = ["byol", "byol-symmetric", "cifar", "grayscale", "none"] as const;

/** A name, or the two views' distributions in full. */
export const Augmentation = z.union([
  z.enum(AUGMENTATIONS),
  z.strictObject({ view1: ViewAugmentation, view2: ViewAugmentation }),
], { error: `must be one of ${AUGMENTATIONS.join(", ")}, or an object of view1 and view2` })
  .describe(
    "A name, or both views' distributions in full; where it is left out `byol`, and `cifar` for views of at most 64 pixels",
  );
export type Augmentation = z.infer<typeof Augmentation>;
