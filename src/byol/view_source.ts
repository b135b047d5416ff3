import { preprocess } from "../data/preprocess.ts";
import type { DatasetReader } from "../data/dataset_reader.ts";
import type { PackedBatch } from "../data/loader.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { drawView, PRESETS } from "./augment.ts";
import { blurRadius } from "./blur.ts";
import { packBlur, packView, recordViews, VIEW_WORDS } from "./views.ts";

/** Feeds a step: `record` once, then `write` each batch before its step runs. */
export interface ViewSource {
  /** @returns `[2N, px, px, 3]`: view 1 of every image, then view 2. */
  record(recorder: Recorder): Tensor;
  write(batch: PackedBatch): void;
  destroy(): void;
}

/** The source that a config's `augmentation` names. @param maxBatchBytes Packed bytes of the largest batch. */
export function openViewSource(
  device: GPUDevice,
  config: ResolvedPretrainConfig,
  reader: DatasetReader,
  maxBatchBytes: number,
): ViewSource {
  return config.augmentation === "none"
    ? plainViews(device, config, reader)
    : augmentedViews(device, config, maxBatchBytes);
}

function augmentedViews(
  device: GPUDevice,
  config: ResolvedPretrainConfig,
  maxBatchBytes: number,
): ViewSource {
  const { batch: N, px, seed, channel_mean: mean, channel_std: std } = config;
  const presets = PRESETS[config.augmentation as keyof typeof PRESETS], radius = blurRadius(px);
  const blurs = radius > 0 && presets.some(({ blur }) => blur.probability > 0);
  const pixels = uploadTensor(device, "batch.pixels", [Math.ceil(maxBatchBytes / 4)], "u32");
  const crops = uploadTensor(device, "batch.crops", [2 * N, VIEW_WORDS], "u32");
  const colors = uploadTensor(device, "batch.colors", [2 * N, VIEW_WORDS], "f32");
  const blurTaps = blurs ? uploadTensor(device, "batch.blur_taps", [2 * N, radius + 1], "f32") : undefined;
  const blurRows = new Float32Array(2 * N * (radius + 1));
  const cropRows = new Uint32Array(2 * N * VIEW_WORDS), colorRows = new Float32Array(2 * N * VIEW_WORDS);
  return {
    record: (recorder) => recordViews(recorder, { pixels, crops, colors, blurTaps }, px, { mean, std }),
    write({ epoch, samples, pixels: packed, offsets, widths, heights }) {
      for (const [i, sample] of samples.entries()) {
        const image = { offset: offsets[i], width: widths[i], height: heights[i] };
        for (const view of [1, 2] as const) {
          const draw = drawView(presets[view - 1], view, { seed, epoch, sample }, image);
          const row = (view - 1) * N + i;
          packView(draw, image, row, cropRows, colorRows);
          if (blurTaps) packBlur(draw, row, radius, blurRows);
        }
      }
      device.queue.writeBuffer(pixels.storage.buffer, 0, packed);
      device.queue.writeBuffer(crops.storage.buffer, 0, cropRows);
      device.queue.writeBuffer(colors.storage.buffer, 0, colorRows);
      if (blurTaps) device.queue.writeBuffer(blurTaps.storage.buffer, 0, blurRows);
    },
    destroy: () => [pixels, crops, colors, blurTaps].forEach((tensor) => tensor?.storage.buffer.destroy()),
  };
}

/** No augmentation: what inference would see, twice. A step is then reproducible outside. */
function plainViews(device: GPUDevice, config: ResolvedPretrainConfig, reader: DatasetReader): ViewSource {
  const { batch: N, px, channel_mean, channel_std } = config, length = px * px * 3;
  const x = uploadTensor(device, "views", [2 * N, px, px, 3], "f32"),
    values = new Float32Array(2 * N * length);
  return {
    record: () => x,
    write({ samples }) {
      for (const [i, sample] of samples.entries()) {
        values.set(preprocess(reader.image(sample), { px, channel_mean, channel_std }), i * length);
      }
      values.copyWithin(N * length, 0, N * length);
      device.queue.writeBuffer(x.storage.buffer, 0, values);
    },
    destroy: () => x.storage.buffer.destroy(),
  };
}
