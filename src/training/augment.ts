import { RandomStream, STREAM } from "../domain/philox.ts";
import { type Augmentation, AUGMENTATION_PRESETS, type ViewAugmentation } from "../domain/augmentation.ts";

/** The two views' distributions, view 1's first. */
export function viewsOf(
  augmentation: Exclude<Augmentation, "none">,
): readonly [ViewAugmentation, ViewAugmentation] {
  return typeof augmentation === "object"
    ? [augmentation.view1, augmentation.view2]
    : AUGMENTATION_PRESETS[augmentation];
}

/** One view of one image, drawn: what the kernels of `views.ts` and `blur.ts` read. Lengths are in pixels. */
export interface ViewDraw {
  left: number;
  top: number;
  width: number;
  height: number;
  flip: boolean;
  jitter: boolean;
  /** The operations in the order they run: 0 brightness, 1 contrast, 2 saturation, 3 hue. */
  order: Uint32Array;
  brightness: number;
  contrast: number;
  saturation: number;
  hue: number;
  grayscale: boolean;
  solarize: boolean;
  blur: boolean;
  sigma: number;
}

/**
 * Draws one view's augmentation: a pure function of seed, epoch, sample and view, so that it does not depend on the
 * batch the sample falls in.
 *
 * @param image Its width and height in pixels.
 */
export function drawView(
  preset: ViewAugmentation,
  view: 1 | 2,
  at: { seed: number; epoch: number; sample: number },
  image: { width: number; height: number },
): ViewDraw {
  const random = new RandomStream(at.seed, view === 1 ? STREAM.view1 : STREAM.view2, at.epoch, at.sample);
  const { crop, jitter } = preset;
  const area = random.uniform(...crop.area) * image.width * image.height;
  const aspect = Math.exp(random.uniform(Math.log(crop.aspect[0]), Math.log(crop.aspect[1])));
  // The official code rounds, then clips to the image; it does not draw again when a side comes out too long.
  const side = (length: number, limit: number) => Math.min(limit, Math.max(1, Math.round(length)));
  const width = side(Math.sqrt(area * aspect), image.width);
  const height = side(Math.sqrt(area / aspect), image.height);
  return {
    width,
    height,
    left: random.below(image.width - width + 1),
    top: random.below(image.height - height + 1),
    flip: random.bernoulli(preset.flip),
    jitter: random.bernoulli(jitter.probability),
    order: random.permutation(4),
    brightness: random.uniform(-jitter.brightness, jitter.brightness),
    contrast: random.uniform(1 - jitter.contrast, 1 + jitter.contrast),
    saturation: random.uniform(1 - jitter.saturation, 1 + jitter.saturation),
    hue: random.uniform(-jitter.hue, jitter.hue),
    grayscale: random.bernoulli(preset.grayscale),
    solarize: random.bernoulli(preset.solarize),
    // Drawn last, though done before: what came first once still draws the same, so that a seed's runs repeat.
    blur: random.bernoulli(preset.blur.probability),
    sigma: random.uniform(...preset.blur.sigma),
  };
}
