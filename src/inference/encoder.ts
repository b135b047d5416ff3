import type { NamedTensors } from "../domain/tensor_data.ts";
import { bindingLimit } from "../gpu/allocate.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { Prepared } from "../gpu/prepared.ts";
import { readback } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { submit } from "../gpu/submit.ts";
import { byteLength, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { Network } from "../nn/network.ts";
import { recordResNetInfer, resNetLayout } from "../nn/resnet.ts";
import { type ResNetSpec, resnetSpec } from "../nn/resnet_architecture.ts";
import { batchesThatFit, roundsOf } from "./batch_sizes.ts";

/** The names' prefix inside; a file's encoder names have none. */
const PREFIX = "encoder";

interface BatchPlan {
  x: ReturnType<typeof uploadTensor>;
  y: Tensor;
  plan: Plan;
  bytes: number;
}
/** A network that somebody else holds. */
interface LentNetwork {
  network: Network;
  /** Where its encoder lies: what its names begin with, without the dot. */
  prefix: string;
  /** The most that will be embedded at once: then one batch size will do. */
  images?: number;
  /** Whether its values never change. It may go on training otherwise. */
  frozen?: boolean;
}

/** A frozen encoder: images in, embeddings out. What an image gives does not depend on what else is in its batch. */
export class Encoder {
  readonly dim: number;
  /** The batch sizes that it has plans for, or makes when they are first needed; ascending. */
  readonly batches: readonly number[];
  readonly #network: Network;
  readonly #prefix: string;
  /** Whether the network goes when the encoder does. */
  readonly #owned: boolean;
  readonly #spec: ResNetSpec;
  /** What all plans make of the network's values, where these never change. */
  readonly #prepared: Prepared | undefined;
  readonly #plans = new Map<number, BatchPlan>();

  /**
   * @param model The encoder's tensors under torchvision's names, convolutions OIHW; or a network to borrow, see `over`.
   * @param makeRoom Called before it takes so many bytes of GPU memory: for the network, then for each plan.
   * @param mostImages No batch size is larger, but 1: what plans take of the GPU grows with it.
   * @throws {RangeError} If the architecture is unknown, or a tensor is missing or of another shape.
   * @throws {DomainError} `invalid`, type `model_too_large`, if the device cannot bind what one image makes.
   */
  constructor(
    readonly pipelines: PipelineCache,
    arch: string | ResNetSpec,
    readonly px: number,
    model: NamedTensors | LentNetwork,
    readonly makeRoom: (bytes: number) => void = () => {},
    mostImages = Infinity,
  ) {
    this.#spec = typeof arch === "string" ? resnetSpec(arch) : arch;
    this.dim = this.#spec.dim;
    const batches = batchesThatFit(this.#spec, px, bindingLimit(pipelines.device.limits))
      .filter((batch) => batch === 1 || batch <= mostImages);
    this.#owned = model instanceof Map;
    if (model instanceof Map || model.frozen) this.#prepared = new Prepared(pipelines.capabilities);
    if (model instanceof Map) {
      const layout = resNetLayout(this.#spec, PREFIX);
      this.#prefix = PREFIX;
      this.batches = batches;
      makeRoom(layout.bytes);
      this.#network = new Network(pipelines.device, layout, "model", false);
      try {
        this.#network.load(new Map([...model].map(([name, tensor]) => [`${PREFIX}.${name}`, tensor])), "");
      } catch (error) {
        this.#network.destroy(); // nobody gets an encoder to destroy
        throw error;
      }
    } else {
      this.#prefix = model.prefix;
      const { images } = model;
      this.batches = images === undefined
        ? batches
        : [batches.find((size) => size >= images) ?? batches.at(-1)!];
      this.#network = model.network;
    }
  }

  /**
   * An encoder over a network that is in use elsewhere, a training run's: it embeds with the weights and the running
   * statistics that the network has when it is asked, changes neither, and leaves it be when it is destroyed. Activations are
   * f32, whatever the run stores its own as. It makes one plan, of the batch size that suits `images`.
   * @throws {DomainError} As the constructor.
   */
  static over(
    pipelines: PipelineCache,
    network: Network,
    spec: ResNetSpec,
    px: number,
    { prefix, images }: { prefix: string; images: number },
  ): Encoder {
    return new Encoder(pipelines, spec, px, { network, prefix, images });
  }

  /**
   * An encoder without weights, to plan memory by.
   *
   * @param pipelines Over a `sketchDevice`.
   */
  static sketch(pipelines: PipelineCache, arch: string, px: number, mostImages?: number): Encoder {
    const spec = resnetSpec(arch),
      network = new Network(pipelines.device, resNetLayout(spec, PREFIX), "model", false);
    return new Encoder(pipelines, spec, px, { network, prefix: PREFIX, frozen: true }, undefined, mostImages);
  }

  /** Images of its largest batch. */
  get largestBatch(): number {
    return this.batches.at(-1)!;
  }

  /**
   * Bytes of GPU memory that its plans take once all are made, beside the network. Worked out by recording; allocates
   * nothing.
   *
   * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
   */
  get bytes(): number {
    return this.batches.reduce((sum, batch) => sum + this.planBytes(batch), 0);
  }

  /** Of these, the bytes of one batch size's. */
  planBytes(batch: number): number {
    const { device, capabilities } = this.pipelines, recorder = new Recorder(capabilities, this.#prepared);
    const x = this.#inputOf(batch);
    this.#record(recorder, x);
    return byteLength(x) + recorder.memory(device.limits).bytes;
  }

  /** Bytes of GPU memory that the network takes, whoever it belongs to, with what is prepared of it. */
  get networkBytes(): number {
    return this.#network.layout.bytes + this.#preparedBytes;
  }
  get #preparedBytes(): number {
    if (this.#prepared?.isMade === false) this.planBytes(this.batches[0]); // records what all plans have in common
    return this.#prepared?.bytes(this.pipelines.device.limits) ?? 0;
  }

  /** Bytes of GPU memory that it holds now: the network, if it is its own, and the plans that are made. */
  get heldBytes(): number {
    const own = this.#owned ? this.#network.layout.bytes : 0,
      made = this.#prepared?.isMade ? this.#preparedBytes : 0;
    return [...this.#plans.values()].reduce((sum, { bytes }) => sum + bytes, own + made);
  }

  /**
   * Makes all of its plans, which are otherwise made when they are first needed: what will not fit is found out now.
   *
   * @throws {OutOfMemoryError} If the device has not the memory.
   */
  async prepare(): Promise<void> {
    for (const batch of this.batches) await this.#planFor(batch);
  }

  /**
   * Makes the plan of one batch size and runs it, on what happens to be there: a driver may compile only then.
   *
   * @param run Whether it is run.
   * @throws {OutOfMemoryError} If the device has not the memory.
   */
  async warm(batch: number, { run }: { run: boolean }): Promise<void> {
    const { y, plan } = await this.#planFor(batch);
    if (!run) return;
    plan.replay();
    await readback(this.pipelines.device, [y]);
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
    let done = 0;
    for (const batches of roundsOf(n, this.batches)) {
      const round: { y: Tensor; from: number; filled: number }[] = [];
      for (const batch of batches) {
        const filled = Math.min(batch, n - done), from = done;
        const { x, y, plan } = await this.#planFor(batch);
        // Rows past `filled` keep older images; nobody reads what comes of them.
        await write(x, from, filled);
        plan.replay();
        round.push({ y, from, filled });
        done += filled;
      }
      const read = await readback(this.pipelines.device, round.map(({ y }) => y));
      for (const [i, { from, filled }] of round.entries()) {
        embeddings.set(new Float32Array(read[i], 0, filled * this.dim), from * this.dim);
      }
    }
    return embeddings;
  }

  /** The largest batch size that is no larger than `images`; the smallest if all are. */
  batchFor(images: number): number {
    return this.batches.findLast((size) => size <= images) ?? this.batches[0];
  }

  /**
   * Embeds images into rows that stay on the GPU: submits, and waits for nothing but kernels to compile.
   *
   * @param n At most `largestBatch`.
   * @param write Writes them into the first rows of x, as `embedFrom`'s does.
   * @param rows `[at least at + n, dim]` f32, with a buffer; row `at` is the first image's.
   */
  async submit(
    n: number,
    write: (x: BatchPlan["x"]) => void | Promise<void>,
    rows: Tensor & { storage: { buffer: GPUBuffer } },
    at: number,
  ): Promise<void> {
    const { device } = this.pipelines, batch = this.batches.find((size) => size >= n);
    if (batch === undefined || at + n > rows.shape[0]) {
      throw new RangeError(
        `Cannot embed images: at most ${this.largestBatch}, and ${rows.shape[0] - at}, fit, got ${n}`,
      );
    }
    const { x, y, plan } = await this.#planFor(batch);
    await write(x);
    const commands = device.createCommandEncoder({ label: "embed" });
    plan.encode(commands);
    const { buffer, offset } = y.storage!, row = 4 * this.dim;
    commands.copyBufferToBuffer(buffer, offset, rows.storage.buffer, at * row, n * row);
    submit(device, commands, "embed");
  }

  async #planFor(batch: number): Promise<BatchPlan> {
    const known = this.#plans.get(batch);
    if (known) return known;
    if (this.#prepared && !this.#prepared.isMade) {
      this.makeRoom(this.#preparedBytes);
      await this.#prepared.make(this.pipelines);
    }
    const { device, capabilities } = this.pipelines, recorder = new Recorder(capabilities, this.#prepared);
    const { label, shape, dtype } = this.#inputOf(batch), bytes = this.planBytes(batch);
    this.makeRoom(bytes);
    const x = uploadTensor(device, label, shape, dtype), y = this.#record(recorder, x);
    try {
      const made = { x, y, bytes, plan: await recorder.compile(this.pipelines) };
      this.#plans.set(batch, made);
      return made;
    } catch (error) {
      x.storage.buffer.destroy();
      throw error;
    }
  }

  #inputOf(batch: number): Tensor {
    return { label: `images.${batch}`, shape: [batch, this.px, this.px, 3], dtype: "f32" };
  }
  #record(recorder: Recorder, x: Tensor): Tensor {
    return recorder.keep(recordResNetInfer(recorder, this.#network, this.#prefix, this.#spec, x));
  }

  destroy(): void {
    for (const { x, plan } of this.#plans.values()) {
      x.storage.buffer.destroy();
      plan.destroy();
    }
    this.#prepared?.destroy();
    if (this.#owned) this.#network.destroy();
  }
}
