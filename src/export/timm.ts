import { resnetSpec } from "../nn/resnet_architecture.ts";
import { cropShare } from "./crop_share.ts";
import type { KeptModel } from "./kept_model.ts";
import { layoutUnavailable } from "./unavailable.ts";

/**
 * The `config.json` with which `timm.create_model("local-dir:…", pretrained=True)` loads the kept `model.safetensors`:
 * for plain ResNets timm's names are torchvision's (timm/models/resnet.py), and the kept `config.json` is laid out as
 * timm's `save_config_for_hf` does it; here the names of classes are added, and the share that is cropped is such that
 * timm, which rounds down, resizes to the same size.
 *
 * @throws {DomainError} `invalid`, type `layout_unavailable`, for a stem or a width that timm has no architecture of.
 */
export function timmConfig(
  { config, labels, description: { arch, preprocessing } }: KeptModel,
): Record<string, unknown> {
  const { stem, widths } = resnetSpec(arch);
  if (stem !== "imagenet") {
    throw layoutUnavailable("timm", arch, "it has no ResNet with a 3×3 stem", ["torchvision", "onnx"]);
  }
  if (widths[0] !== 64) {
    const reason = "it has no ResNet whose stem is wider than 64 channels";
    throw layoutUnavailable("timm", arch, reason, ["torchvision", "transformers", "onnx"]);
  }
  return {
    ...config,
    pretrained_cfg: { ...config.pretrained_cfg as object, crop_pct: cropShare(preprocessing.px) },
    ...(labels.length > 0 ? { label_names: labels } : {}),
  };
}
