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
}

const aligned = (bytes: number): number => Math.ceil(bytes / 4) * 4;

/** Batches of a split in each epoch's own order; an epoch's last incomplete batch is dropped. */
export class Loader {
  readonly stepsPerEpoch: number;
  /** What the pixels of any batch fit in. */
  readonly maxBatchBytes: number;
  readonly #reader: DatasetReader;
  readonly #items: Uint32Array;
  readonly #batch: number;
  readonly #seed: number;
  readonly #pixels: Uint8Array<ArrayBuffer>;
  #order: { epoch: number; items: Uint32Array } | undefined;

  /** @throws {DomainError} `invalid` if there is no such split, or it has fewer images than the batch. */
  constructor(
    { reader, split, batch, seed }: { reader: DatasetReader; split: string; batch: number; seed: number },
  ) {
    if (!reader.splits.includes(split)) {
      const detail = `must be one of ${reader.splits.join(", ")}, got ${split}`;
      throw new DomainError("invalid", `Cannot load batches: config.split ${detail}`, {
        errors: [{ pointer: "#/config/split", detail }],
      });
    }
    const items = reader.items(split);
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
    this.maxBatchBytes = batch * items.reduce((most, n) => Math.max(most, aligned(reader.bytesOf(n))), 0);
    this.#pixels = new Uint8Array(this.maxBatchBytes);
  }

  /** The batch of `step`, counted from the run's first. */
  batch(step: number): PackedBatch {
    const epoch = Math.floor(step / this.stepsPerEpoch), first = (step % this.stepsPerEpoch) * this.#batch;
    if (this.#order?.epoch !== epoch) {
      this.#order = { epoch, items: epochOrder(this.#seed, epoch, this.#items) };
    }
    const samples = this.#order.items.slice(first, first + this.#batch);
    const offsets = new Uint32Array(this.#batch), widths = offsets.slice(), heights = offsets.slice();
    let length = 0;
    for (const [i, n] of samples.entries()) {
      const { width, height } = this.#reader.size(n), bytes = width * height * 3;
      [offsets[i], widths[i], heights[i]] = [length, width, height];
      this.#reader.readInto(n, this.#pixels.subarray(length, length + bytes));
      length += aligned(bytes);
    }
    return { epoch, samples, pixels: this.#pixels.subarray(0, length), offsets, widths, heights };
  }
}
