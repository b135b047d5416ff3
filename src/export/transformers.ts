import type { ModelDescription } from "../domain/checkpoint.ts";
import { shortSideFor } from "../data/preprocess.ts";
import { resnetSpec } from "../nn/resnet_architecture.ts";
import { cropShare } from "./crop_share.ts";
import type { KeptModel } from "./kept_model.ts";
import { layoutUnavailable } from "./unavailable.ts";

/** From this size on ConvNextImageProcessor squeezes an image into the square, and cuts nothing off. */
const CONVNEXT_SQUEEZES_FROM_PX = 384;
/** Pillow's number for it. */
const BICUBIC = 3;

/**
 * The `config.json` of transformers' `ResNetModel`, or of its `ResNetForImageClassification` for a model with a head
 * (transformers/models/resnet/configuration_resnet.py).
 *
 * @throws {DomainError} `invalid`, type `layout_unavailable`, for a stem that it does not have.
 */
export function transformersConfig({ description, labels }: KeptModel): Record<string, unknown> {
  const { stem, block, blocks, widths } = resnetSpec(description.arch);
  if (stem !== "imagenet") {
    const reason = "its ResNet has no 3×3 stem";
    throw layoutUnavailable("transformers", description.arch, reason, ["torchvision", "onnx"]);
  }
  const expansion = block === "bottleneck" ? 4 : 1;
  return {
    architectures: [description.classes > 0 ? "ResNetForImageClassification" : "ResNetModel"],
    model_type: "resnet",
    num_channels: 3,
    embedding_size: widths[0],
    hidden_sizes: widths.map((width) => width * expansion),
    depths: blocks,
    layer_type: block,
    hidden_act: "relu",
    downsample_in_first_stage: false,
    downsample_in_bottleneck: false,
    torch_dtype: "float32",
    ...(labels.length > 0
      ? {
        id2label: Object.fromEntries(labels.map((label, i) => [i, label])),
        label2id: Object.fromEntries(labels.map((label, i) => [label, i])),
      }
      : {}),
  };
}

/**
 * A tensor's name in transformers (modeling_resnet.py); undefined for what torchvision does not call so.
 *
 * @param head Whether the model has one: its encoder then stands under `resnet.`.
 */
export function transformersName(name: string, head: boolean): string | undefined {
  const linear = /^fc\.(weight|bias)$/.exec(name);
  if (linear) return `classifier.1.${linear[1]}`;
  const own = encoderName(name);
  return own && (head ? `resnet.${own}` : own);
}

function encoderName(name: string): string | undefined {
  const kind = (letters: string) => letters === "conv" || letters === "0" ? "convolution" : "normalization";
  const stem = /^(conv|bn)1\.(\w+)$/.exec(name);
  if (stem) return `embedder.embedder.${kind(stem[1])}.${stem[2]}`;
  const [, group, block, layer, number, shortcut, value] =
    /^layer(\d)\.(\d+)\.(?:(conv|bn)(\d)|downsample\.([01]))\.(\w+)$/.exec(name) ?? [];
  if (!group) return undefined;
  const place = `encoder.stages.${Number(group) - 1}.layers.${block}`;
  return shortcut
    ? `${place}.shortcut.${kind(shortcut)}.${value}`
    : `${place}.layer.${Number(number) - 1}.${kind(layer)}.${value}`;
}

/**
 * The `preprocessor_config.json` that resizes, crops and normalises as latentd does, up to the rounding of the longer
 * side: ConvNextImageProcessor, which transformers' ResNets come with, or where that would squeeze, BitImageProcessor.
 */
export function transformersPreprocessor({ preprocessing }: ModelDescription): Record<string, unknown> {
  const { px, channel_mean, channel_std } = preprocessing;
  const short = shortSideFor(px);
  const values = {
    do_rescale: true,
    rescale_factor: 1 / 255,
    do_normalize: true,
    image_mean: channel_mean,
    image_std: channel_std,
  };
  if (px >= CONVNEXT_SQUEEZES_FROM_PX) {
    return {
      image_processor_type: "BitImageProcessor",
      ...{ do_convert_rgb: true, do_resize: true, size: { shortest_edge: short }, resample: BICUBIC },
      ...{ do_center_crop: true, crop_size: { height: px, width: px } },
      ...values,
    };
  }
  return {
    image_processor_type: "ConvNextImageProcessor",
    ...{ do_resize: true, size: { shortest_edge: px }, resample: BICUBIC },
    crop_pct: cropShare(px),
    ...values,
  };
}
