import { join } from "@std/path";
import { openViewSource, type ViewConfig, type ViewSource } from "../training/view_source.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import type { RgbImage } from "../domain/image.ts";
import type { ViewsRequest } from "../domain/ports.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Augmentations kept ready; the one that was not asked for the longest goes first. */
const MAX_READY = 8;
/** White between the two views, in pixels. */
const GAP = 4;

interface Ready {
  source: ViewSource;
  x: Tensor;
  /** None where nothing is computed: views without augmentation are made on the CPU, as in training. */
  plan: Plan | undefined;
  config: ViewConfig;
  /** The image that the source reads. */
  image: RgbImage | undefined;
}

/** Shows what training sees of an image, by the very code that it sees it with. */
export class ViewPreviews {
  readonly #ready = new Map<string, Ready>();

  /** @param datasets Where datasets lie. */
  constructor(readonly pipelines: PipelineCache, readonly datasets: string) {}

  /**
   * Both views of an image in each of a run's first epochs, view 1 on the left, the first epoch on top; not normalised.
   *
   * @throws {RangeError} If there is no such image.
   */
  async make({ dataset, item, augmentation, px, seed, pairs }: ViewsRequest): Promise<RgbImage> {
    const reader = DatasetReader.open(join(this.datasets, dataset));
    let image: RgbImage;
    try {
      image = reader.image(item);
    } finally {
      reader.close();
    }
    const { width, height, pixels } = image, bytes = Math.ceil(pixels.length / 4) * 4;
    const ready = await this.#prepare(augmentation, px, bytes);
    const packed = new Uint8Array(bytes);
    packed.set(pixels);
    const rows: RgbImage[] = [];
    for (let epoch = 0; epoch < pairs; epoch++) {
      ready.image = image;
      ready.config.seed = seed;
      ready.source.write({
        ...{ epoch, samples: Uint32Array.of(item), pixels: packed, offsets: Uint32Array.of(0) },
        ...{ widths: Uint32Array.of(width), heights: Uint32Array.of(height), labels: Int32Array.of(-1) },
      });
      ready.plan?.replay();
      rows.push(sideBySide(await readFloats(this.pipelines.device, ready.x), px));
    }
    return below(rows);
  }

  async #prepare(augmentation: ViewsRequest["augmentation"], px: number, bytes: number): Promise<Ready> {
    const room = 2 ** Math.ceil(Math.log2(bytes)), key = `${JSON.stringify(augmentation)} ${px} ${room}`;
    const ready = this.#ready.get(key) ?? await this.#open(augmentation, px, room);
    this.#ready.delete(key); // set again below, behind the others: a Map keeps the order of insertion
    this.#ready.set(key, ready);
    for (const [oldest, { source, plan }] of this.#ready) {
      if (this.#ready.size <= MAX_READY) break;
      source.destroy();
      plan?.destroy();
      this.#ready.delete(oldest);
    }
    return ready;
  }

  async #open(augmentation: ViewsRequest["augmentation"], px: number, room: number): Promise<Ready> {
    const { device, capabilities } = this.pipelines;
    const config: ViewConfig = {
      ...{ augmentation, px, seed: 0, batch: 1, micro_batch: null, precision: "f32" },
      ...{ channel_mean: [0, 0, 0], channel_std: [1, 1, 1] },
    };
    const ready: Partial<Ready> = { config };
    const source = ready.source = openViewSource(device, config, { image: () => ready.image! }, room);
    const recorder = new Recorder(capabilities), x = ready.x = source.record(recorder);
    if (!x.storage) {
      recorder.keep(x);
      ready.plan = await recorder.compile(this.pipelines);
    }
    return ready as Ready;
  }
}

/** Images of one size, one below another, as one image. */
function below(rows: RgbImage[]): RgbImage {
  const [{ width, height }] = rows, gap = 3 * GAP * width, length = 3 * width * height;
  const pixels = new Uint8Array(rows.length * (length + gap) - gap).fill(255);
  for (const [i, row] of rows.entries()) pixels.set(row.pixels, i * (length + gap));
  return { width, height: rows.length * (height + GAP) - GAP, pixels };
}

/** Two views of values in [0, 1], `[2, px, px, 3]`, as one image. */
function sideBySide(values: Float32Array, px: number): RgbImage {
  const width = 2 * px + GAP, pixels = new Uint8Array(width * px * 3).fill(255);
  for (let view = 0; view < 2; view++) {
    for (let y = 0; y < px; y++) {
      const from = (view * px + y) * px * 3, to = (y * width + view * (px + GAP)) * 3;
      for (let i = 0; i < 3 * px; i++) {
        pixels[to + i] = Math.round(255 * Math.min(1, Math.max(0, values[from + i])));
      }
    }
  }
  return { width, height: px, pixels };
}
