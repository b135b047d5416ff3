import { DomainError } from "../domain/errors.ts";
import type { DatasetReader } from "./dataset_reader.ts";
import { epochOrder } from "./sampler.ts";

/** A batch's images as they are kept: 8-bit RGB, packed, each beginning at a multiple of four bytes. */
export interface PackedBatch {
  epoch: number;
  /** The images' numbers in the dataset. */
  samples: Uint32Array;
  /** Valid until the next batch: one buffer is used again and again. */
  pixels: Uint8Array<ArrayBuffer>;
  /** In bytes, within `pixels`. */
  offsets: Uint32Array;
  widths: Uint32Array;
  heights: Uint32Array;
  /** The images' classes, −1 where one has none. */
  labels: Int32Array;
}

/** A stretch of a batch, as if it were one: its images `first` … `first + count − 1`. */
export function partOf(batch: PackedBatch, first: number, count: number): PackedBatch {
  const end = first + count, from = batch.offsets[first], to = batch.offsets[end] ?? batch.pixels.length;
  return {
    epoch: batch.epoch,
    samples: batch.samples.subarray(first, end),
    pixels: batch.pixels.subarray(from, to),
    offsets: batch.offsets.slice(first, end).map((offset) => offset - from),
    widths: batch.widths.subarray(first, end),
    heights: batch.heights.subarray(first, end),
    labels: batch.labels.subarray(first, end),
  };
}

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** Batches of a split, or of some of its images, in each epoch's own order; an epoch's last incomplete batch is dropped. */
export class Loader {
  readonly stepsPerEpoch: number;
  /** What the packed pixels of any image fit in. */
  readonly maxImageBytes: number;
  /** How many classes the dataset has, where each image of the split has one. */
  readonly classes: number | undefined;
  readonly #reader: DatasetReader;
  readonly #items: Uint32Array;
  readonly #batch: number;
  readonly #seed: number;
  /** Made with the first batch: who only plans memory asks for none. */
  #pixels: Uint8Array<ArrayBuffer> | undefined;
  #order: { epoch: number; items: Uint32Array } | undefined;

  /**
   * @param options.items Those of the split's images that are loaded; all by default.
   * @throws {DomainError} `invalid` if there is no such split, or it has fewer images than the batch.
   */
  constructor(
    { reader, split, batch, seed, items = reader.items(split) }: {
      reader: DatasetReader;
      split: string;
      batch: number;
      seed: number;
      items?: Uint32Array;
    },
  ) {
    if (!reader.splits.includes(split)) {
      const detail = `must be one of ${reader.splits.join(", ")}, got ${split}`;
      throw new DomainError("invalid", `Cannot load batches: config.split ${detail}`, {
        errors: [{ pointer: "#/config/split", detail }],
      });
    }
    if (items.length < batch) {
      const detail = `must be at most the split's ${items.length} images, got ${batch}`;
      throw new DomainError("invalid", `Cannot load batches: config.batch ${detail}`, {
        errors: [{ pointer: "#/config/batch", detail }],
      });
    }
    this.#reader = reader;
    this.#items = items;
    this.#batch = batch;
    this.#seed = seed;
    this.stepsPerEpoch = Math.floor(items.length / batch);
    this.maxImageBytes = items.reduce((most, n) => Math.max(most, aligned(reader.bytesOf(n))), 0);
    this.classes = items.every((n) => reader.classOf(n) >= 0) ? reader.classes.length : undefined;
  }

  /** How many images the split has. */
  get images(): number {
    return this.#items.length;
  }

  /** The batch of `step`, counted from the run's first. */
  batch(step: number): PackedBatch {
    const epoch = Math.floor(step / this.stepsPerEpoch), first = (step % this.stepsPerEpoch) * this.#batch;
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, items: epochOrder(this.#seed, epoch, this.#items) };
    }
    const samples = this.#order.items.slice(first, first + this.#batch);
    const offsets = new Uint32Array(this.#batch), widths = offsets.slice(), heights = offsets.slice();
    const labels = Int32Array.from(samples, (n) => this.#reader.classOf(n));
    const packed = this.#pixels ??= new Uint8Array(this.#batch * this.maxImageBytes);
    let length = 0;
    for (const [i, n] of samples.entries()) {
      const { width, height } = this.#reader.size(n), bytes = width * height * 3;
      [offsets[i], widths[i], heights[i]] = [length, width, height];
      this.#reader.readInto(n, packed.subarray(length, length + bytes));
      length += aligned(bytes);
    }
    return { epoch, samples, pixels: packed.subarray(0, length), offsets, widths, heights, labels };
  }
}
