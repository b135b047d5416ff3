import type { Augmentation, ViewAugmentation } from "../domain/augmentation.ts";
import type { FinetuneConfig } from "../domain/finetune.ts";

/** The paper's evaluations' (byol.md §B1): the crop of training, and a flip; nothing that changes colours. */
const CROP_FLIP: ViewAugmentation = {
  crop: { area: [0.08, 1], aspect: [3 / 4, 4 / 3] },
  flip: 0.5,
  jitter: { probability: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0 },
  grayscale: 0,
  blur: { probability: 0, sigma: [0.1, 2] },
  solarize: 0,
};

/** What a config's augmentation makes an image's one view by: view 1 of two that are alike. */
export function viewOf(augmentation: FinetuneConfig["augmentation"]): Augmentation {
  if (augmentation === "none") return "none";
  const view = augmentation === "crop-flip" ? CROP_FLIP : augmentation;
  return { view1: view, view2: view };
}
