import type { DatasetReader } from "../data/dataset_reader.ts";
import type { PackedBatch } from "../data/loader.ts";
import type { Preprocessing } from "../domain/checkpoint.ts";
import type { ViewAugmentation } from "../domain/augmentation.ts";
import { bindingLimit } from "../gpu/allocate.ts";
import type { Plan } from "../gpu/plan.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { Recorder } from "../gpu/recorder.ts";
import { submit } from "../gpu/submit.ts";
import { byteLength, type Tensor } from "../gpu/tensor.ts";
import type { Encoder } from "../inference/encoder.ts";
import { openViewSource, sketchViews, type ViewSource } from "../training/view_source.ts";

/** Packed images that go up at once. */
const GROUP_BYTES = 32 * 2 ** 20;

export interface AugmentedOptions {
  preprocessing: Preprocessing;
  augmentation: ViewAugmentation;
  seed: number;
}

/** Embeds views of images, augmented on the GPU as training does it, by a frozen encoder. */
export class AugmentedEmbedder {
  readonly #views: number;
  readonly #pixels: Uint8Array<ArrayBuffer>;
  readonly #source: ViewSource;
  /** Bytes of GPU memory that it takes. */
  readonly bytes: number;
  #made: { x: Tensor; plan: Plan } | undefined;

  /** @param items All that will be embedded: what is held suits the largest of them. */
  constructor(
    readonly pipelines: PipelineCache,
    readonly encoder: Encoder,
    readonly reader: DatasetReader,
    items: Uint32Array,
    { preprocessing, augmentation, seed }: AugmentedOptions,
  ) {
    const most = items.reduce((bytes, n) => Math.max(bytes, aligned(reader.bytesOf(n))), 4);
    const limit = Math.min(GROUP_BYTES, bindingLimit(pipelines.device.limits));
    this.#views = Math.max(1, Math.min(encoder.largestBatch, Math.floor(limit / most)));
    this.#pixels = new Uint8Array(this.#views * most);
    const config = {
      ...{ ...preprocessing, seed, batch: this.#views, micro_batch: null, precision: "f32" as const },
      augmentation: { view1: augmentation, view2: augmentation },
    };
    const sketch = sketchViews(config, this.#views, this.#pixels.length, 1);
    const recorder = new Recorder(pipelines.capabilities);
    recorder.keep(sketch.record(recorder));
    this.bytes = sketch.bytes + recorder.memory(pipelines.device.limits).bytes;
    this.#source = openViewSource(pipelines.device, config, reader, this.#pixels.length, 1);
  }

  /**
   * A view of each image: what it draws is a function of the seed, the epoch and the image.
   *
   * @returns `[items, dim]`, in their order.
   */
  async embed(
    items: Uint32Array,
    epoch: number,
    signal: AbortSignal,
    embedded?: (count: number) => void,
  ): Promise<Float32Array> {
    const { encoder } = this,
      rows = new Float32Array(items.length * encoder.dim),
      chunk = encoder.largestBatch;
    const { x, plan } = this.#made ??= await this.#compile();
    for (let at = 0; at < items.length; at += chunk) {
      signal.throwIfAborted();
      const some = items.subarray(at, at + chunk);
      const embeddings = await encoder.embedFrom(some.length, (target, from, count) => {
        for (let first = from; first < from + count; first += this.#views) {
          const views = some.subarray(first, Math.min(first + this.#views, from + count));
          this.#source.write(this.#pack(views, epoch));
          plan.replay();
          this.#copy(x, target, views.length, first - from);
        }
      });
      rows.set(embeddings, at * encoder.dim);
      embedded?.(some.length);
    }
    return rows;
  }

  async #compile(): Promise<{ x: Tensor; plan: Plan }> {
    const recorder = new Recorder(this.pipelines.capabilities),
      x = recorder.keep(this.#source.record(recorder));
    return { x, plan: await recorder.compile(this.pipelines) };
  }

  #pack(samples: Uint32Array, epoch: number): PackedBatch {
    const offsets = new Uint32Array(samples.length), widths = offsets.slice(), heights = offsets.slice();
    let length = 0;
    for (const [i, n] of samples.entries()) {
      const { width, height } = this.reader.size(n), bytes = this.reader.bytesOf(n);
      [offsets[i], widths[i], heights[i]] = [length, width, height];
      this.reader.readInto(n, this.#pixels.subarray(length, length + bytes));
      length += aligned(bytes);
    }
    const pixels = this.#pixels.subarray(0, length), labels = new Int32Array(samples.length).fill(-1);
    return { epoch, samples, pixels, offsets, widths, heights, labels };
  }

  /** The first `count` views, to the encoder's input from its row `row` on. */
  #copy(x: Tensor, target: Tensor, count: number, row: number): void {
    const { device } = this.pipelines, bytes = byteLength(x) / x.shape[0];
    const encoder = device.createCommandEncoder({ label: "views.copy" });
    const { buffer, offset } = x.storage!, to = target.storage!;
    encoder.copyBufferToBuffer(buffer, offset, to.buffer, to.offset + row * bytes, count * bytes);
    submit(device, encoder, "views.copy");
  }

  destroy(): void {
    this.#source.destroy();
    this.#made?.plan.destroy();
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;
