import { DomainError } from "../domain/errors.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { Network, NetworkLayout } from "../nn/network.ts";
import { addResNet, recordResNetInfer } from "../nn/resnet.ts";
import { largestActivation, type ResNetSpec, resnetSpec } from "../nn/resnet_architecture.ts";

/** Batch sizes that plans are made for: a request takes the smallest that holds it, or several of the largest. */
const BATCHES = [1, 8, 32, 128] as const;
/** What an activation of a batch may take where the device would bind more: a GPU is busy by then, and its memory finite. */
const ENOUGH_BYTES = 128 * 2 ** 20;
/** The names' prefix inside; a file's encoder names have none. */
const PREFIX = "encoder";

interface BatchPlan {
  x: ReturnType<typeof uploadTensor>;
  y: Tensor;
  plan: Plan;
}

/** A frozen encoder: images in, embeddings out. What an image gives does not depend on what else is in its batch. */
export class Encoder {
  readonly dim: number;
  readonly #network: Network;
  readonly #spec: ResNetSpec;
  readonly #batches: readonly number[];
  readonly #plans = new Map<number, BatchPlan>();

  /**
   * @param model The encoder's tensors under torchvision's names, convolutions OIHW.
   * @throws {RangeError} If the architecture is unknown, or a tensor is missing or of another shape.
   * @throws {DomainError} `invalid`, type `model_too_large`, if the device cannot bind what one image makes.
   */
  constructor(readonly pipelines: PipelineCache, arch: string, readonly px: number, model: NamedTensors) {
    this.#spec = resnetSpec(arch);
    this.dim = this.#spec.dim;
    const { maxStorageBufferBindingSize, maxBufferSize } = pipelines.device.limits;
    this.#batches = batchesThatFit(this.#spec, px, Math.min(maxStorageBufferBindingSize, maxBufferSize));
    const layout = new NetworkLayout();
    addResNet(layout, PREFIX, this.#spec);
    this.#network = new Network(pipelines.device, layout, "model", false);
    this.#network.load(new Map([...model].map(([name, tensor]) => [`${PREFIX}.${name}`, tensor])), "");
  }

  /**
   * Embeds images.
   *
   * @param images `[n, px, px, 3]` f32, normalised, n ≥ 0.
   * @returns `[n, dim]`, row-major.
   * @throws {RangeError} If the length is not a multiple of one image's.
   */
  embed(images: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    const length = this.px * this.px * 3, n = images.length / length;
    if (!Number.isInteger(n)) {
      throw new RangeError(
        `Cannot embed images: ${length} values an image needed, got ${images.length} in all`,
      );
    }
    return this.embedFrom(n, ({ storage: { buffer } }, from, count) => {
      this.pipelines.device.queue.writeBuffer(buffer, 0, images, from * length, count * length);
    });
  }

  /**
   * Embeds images that are written where the encoder reads them.
   *
   * @param write Writes images `from` … `from + count − 1` into the first rows of x, `[at least count, px, px, 3]` f32.
   * @returns `[n, dim]`, row-major.
   */
  async embedFrom(
    n: number,
    write: (x: BatchPlan["x"], from: number, count: number) => void | Promise<void>,
  ): Promise<Float32Array> {
    const embeddings = new Float32Array(n * this.dim);
    for (let done = 0; done < n;) {
      const batch = this.#batches.find((size) => size >= n - done) ?? this.#batches.at(-1)!,
        filled = Math.min(batch, n - done);
      const { x, y, plan } = await this.#planFor(batch);
      // Rows past `filled` keep older images; nobody reads what comes of them.
      await write(x, done, filled);
      plan.replay();
      const rows = await readFloats(this.pipelines.device, y);
      embeddings.set(rows.subarray(0, filled * this.dim), done * this.dim);
      done += filled;
    }
    return embeddings;
  }

  async #planFor(batch: number): Promise<BatchPlan> {
    const known = this.#plans.get(batch);
    if (known) return known;
    const recorder = new Recorder(this.pipelines.capabilities);
    const x = uploadTensor(this.pipelines.device, `images.${batch}`, [batch, this.px, this.px, 3], "f32");
    const y = recorder.keep(recordResNetInfer(recorder, this.#network, PREFIX, this.#spec, x));
    const made = { x, y, plan: await recorder.compile(this.pipelines) };
    this.#plans.set(batch, made);
    return made;
  }

  destroy(): void {
    for (const { x, plan } of this.#plans.values()) {
      x.storage.buffer.destroy();
      plan.destroy();
    }
    this.#network.destroy();
  }
}

/**
 * The batch sizes whose largest activation a device can bind.
 *
 * @param limit Bytes of a binding.
 * @throws {DomainError} `invalid`, type `model_too_large`, if a single image's does not fit.
 */
export function batchesThatFit(spec: ResNetSpec, px: number, limit: number): number[] {
  const bytes = 4 * largestActivation(spec, px);
  if (bytes > limit) {
    throw new DomainError(
      "invalid",
      `Cannot embed images of ${px} px: the GPU binds at most ${limit} bytes, and a layer makes ${bytes} of one`,
      { type: "model_too_large" },
    );
  }
  return BATCHES.filter((batch) => batch === 1 || batch * bytes <= Math.min(limit, ENOUGH_BYTES));
}
