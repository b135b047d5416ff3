import { preprocess } from "../data/preprocess.ts";
import type { DatasetReader } from "../data/dataset_reader.ts";
import { type PackedBatch, partOf } from "../data/loader.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { Recorder } from "../gpu/recorder.ts";
import { byteLength, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { drawView, viewsOf } from "./augment.ts";
import { blurRadius } from "./blur.ts";
import { packBlur, packView, recordViews, VIEW_WORDS, type ViewInputs } from "./views.ts";

/** What views depend on. */
export type ViewConfig = Pick<
  ResolvedPretrainConfig,
  | "augmentation"
  | "px"
  | "seed"
  | "batch"
  | "micro_batch"
  | "precision"
  | "channel_mean"
  | "channel_std"
>;

/** Feeds a step: `record` once, then `write` each batch, or part of it, before it is gone through. */
export interface ViewSource {
  /** @returns `[views · N, px, px, 3]`, of a micro-batch of N images: view 1 of every image, then view 2. */
  record(recorder: Recorder): Tensor;
  /** @param micro Which N images of the batch. */
  write(batch: PackedBatch, micro?: number): void;
  destroy(): void;
}

/** How many views an image has: both, or the first alone. */
export type Views = 1 | 2;

/** The source that a config's `augmentation` names. @param maxBytes Packed bytes of the largest micro-batch. */
export function openViewSource(
  device: GPUDevice,
  config: ViewConfig,
  reader: Pick<DatasetReader, "image">,
  maxBytes: number,
  views: Views = 2,
): ViewSource {
  return config.augmentation === "none"
    ? plainViews(device, config, reader, views)
    : augmentedViews(device, config, maxBytes, views);
}

/**
 * What a source for batches of another size would record and hold; it feeds nothing, and is only to plan memory by.
 *
 * @param maxBatchBytes Packed bytes of the largest such batch.
 */
export function sketchViews(
  config: ViewConfig,
  batch: number,
  maxBatchBytes: number,
  views: Views = 2,
): { record(recorder: Recorder): Tensor; bytes: number } {
  if (config.augmentation === "none") {
    const x = plainShape(config, batch, views);
    return { record: () => x, bytes: byteLength(x) };
  }
  const inputs = viewInputs(config, batch, maxBatchBytes, views);
  const bytes = Object.values(inputs).reduce((sum, tensor) => sum + (tensor ? byteLength(tensor) : 0), 0);
  return {
    record: (recorder) => recordViews(recorder, inputs, config.px, channels(config), dtypeOf(config), views),
    bytes,
  };
}

/** The tables that a batch is written to, as yet without memory. */
function viewInputs(config: ViewConfig, batch: number, maxBatchBytes: number, views: Views): ViewInputs {
  const rows = views * batch, radius = blurRadius(config.px);
  const blurs = radius > 0 && distributionsOf(config, views).some(({ blur }) => blur.probability > 0);
  return {
    pixels: { label: "batch.pixels", shape: [Math.ceil(maxBatchBytes / 4)], dtype: "u32" },
    crops: { label: "batch.crops", shape: [rows, VIEW_WORDS], dtype: "u32" },
    colors: { label: "batch.colors", shape: [rows, VIEW_WORDS], dtype: "f32" },
    blurTaps: blurs ? { label: "batch.blur_taps", shape: [rows, radius + 1], dtype: "f32" } : undefined,
  };
}
const distributionsOf = ({ augmentation }: ViewConfig, views: Views) =>
  viewsOf(augmentation as Exclude<typeof augmentation, "none">).slice(0, views);
/** Images that go through the networks at once. */
const rowsOf = ({ batch, micro_batch }: ViewConfig) => micro_batch ?? batch;
/** What activations, and so the views, are stored as. */
const dtypeOf = ({ precision }: ViewConfig) => precision === "mixed" ? "f16" : "f32";
const channels = ({ channel_mean: mean, channel_std: std }: ViewConfig) => ({ mean, std });

function augmentedViews(
  device: GPUDevice,
  config: ViewConfig,
  maxBytes: number,
  views: Views,
): ViewSource {
  const { px } = config,
    N = rowsOf(config),
    distributions = distributionsOf(config, views),
    radius = blurRadius(px);
  const upload = ({ label, shape, dtype }: Tensor) => uploadTensor(device, label, shape, dtype);
  const inputs = viewInputs(config, N, maxBytes, views);
  const [pixels, crops, colors] = [inputs.pixels, inputs.crops, inputs.colors].map(upload);
  const blurTaps = inputs.blurTaps && upload(inputs.blurTaps);
  const blurRows = new Float32Array(views * N * (radius + 1));
  const cropRows = new Uint32Array(views * N * VIEW_WORDS), colorRows = new Float32Array(cropRows.length);
  return {
    record: (recorder) =>
      recordViews(
        recorder,
        { pixels, crops, colors, blurTaps },
        px,
        channels(config),
        dtypeOf(config),
        views,
      ),
    write(batch, micro = 0) {
      const { epoch, samples, pixels: packed, offsets, widths, heights } = partOf(batch, micro * N, N);
      for (const [i, sample] of samples.entries()) {
        const image = { offset: offsets[i], width: widths[i], height: heights[i] };
        for (const [v, distribution] of distributions.entries()) {
          const draw = drawView(distribution, v === 0 ? 1 : 2, { seed: config.seed, epoch, sample }, image);
          const row = v * N + i;
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

/** No augmentation: what inference would see, in each view. A step is then reproducible outside. */
function plainViews(
  device: GPUDevice,
  config: ViewConfig,
  reader: Pick<DatasetReader, "image">,
  views: Views,
): ViewSource {
  const { px, channel_mean, channel_std } = config, N = rowsOf(config), length = px * px * 3;
  const { label, shape, dtype } = plainShape(config, N, views), x = uploadTensor(device, label, shape, dtype);
  const values = new Float32Array(views * N * length);
  return {
    record: () => x,
    write(batch, micro = 0) {
      const { samples } = partOf(batch, micro * N, N);
      for (const [i, sample] of samples.entries()) {
        values.set(preprocess(reader.image(sample), { px, channel_mean, channel_std }), i * length);
      }
      if (views === 2) values.copyWithin(N * length, 0, N * length);
      const bytes = dtype === "f16" ? new Uint8Array(new Float16Array(values).buffer) : values;
      device.queue.writeBuffer(x.storage.buffer, 0, bytes); // as bytes: Dawn stumbles over a Float16Array
    },
    destroy: () => x.storage.buffer.destroy(),
  };
}

const plainShape = (config: ViewConfig, batch: number, views: Views): Tensor => ({
  label: "views",
  shape: [views * batch, config.px, config.px, 3],
  dtype: dtypeOf(config),
});
