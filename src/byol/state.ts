import { DomainError } from "../domain/errors.ts";
import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import type { FlatBuffer } from "../gpu/parameters.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { submit } from "../gpu/submit.ts";
import { byteLength, elementCount } from "../gpu/tensor.ts";
import { initNetwork } from "../nn/init.ts";
import { Network, oihwToKrsc, readBuffers } from "../nn/network.ts";
import { type ResNetSpec, resnetSpec } from "../nn/resnet_architecture.ts";
import { LossScale } from "../optim/loss_scale.ts";
import { createOptimizer, type Optimizer, type OptimizerOptions } from "../optim/optimizer.ts";
import { byolLayout, type HeadSizes } from "./networks.ts";
import { Probe } from "./probe.ts";

/** What BYOL trains and keeps: the online network, the target that follows it, the optimiser's state, a probe. */
export class ByolState {
  readonly spec: ResNetSpec;
  readonly online: Network;
  readonly target: Network;
  readonly optimizer: Optimizer;
  /** A classifier that learns beside them, where there are classes. */
  readonly probe: Probe | undefined;

  /**
   * @param lossScale What the loss is multiplied by; the state takes it over, and destroys it.
   * @param options.classes How many classes the probe tells apart; without them there is none.
   * @throws {RangeError} If `arch` is not known.
   * @throws {OutOfMemoryError} If a parameter is larger than what the device binds, or all of them than a buffer.
   */
  constructor(
    readonly device: GPUDevice,
    { arch, ...heads }: HeadSizes & { arch: string },
    optimizer: OptimizerOptions,
    readonly lossScale: LossScale = LossScale.none(device),
    { classes }: { classes?: number } = {},
  ) {
    this.spec = resnetSpec(arch);
    this.online = new Network(device, byolLayout(this.spec, heads, "online"), "online", true);
    this.target = new Network(device, byolLayout(this.spec, heads, "target"), "target", false);
    this.optimizer = createOptimizer(device, this.online.layout.parameters, optimizer);
    this.probe = classes === undefined ? undefined : new Probe(device, this.spec.dim, classes);
  }

  /** What is kept beside the networks, from step to step, and what its parameters' names begin with in a checkpoint. */
  get #kept(): (readonly [prefix: string, buffer: FlatBuffer])[] {
    const own = this.optimizer.buffers.map(([prefix, buffer]) => [`optimizer.${prefix}`, buffer] as const);
    return [...own, ...this.probe?.buffers ?? []];
  }

  /** Bytes of GPU memory that it takes. */
  get bytes(): number {
    const { online, target, probe } = this;
    const buffers = [online.values, online.statistics, online.gradients!, target.values, target.statistics];
    if (probe) buffers.push(probe.gradients);
    buffers.push(...this.#kept.map(([, buffer]) => buffer));
    return buffers.reduce((sum, { all }) => sum + byteLength(all), 0);
  }

  /**
   * A new run's state: fresh weights from `seed`, the target a copy of the online network, as its average would be, and
   * everything else at zero.
   *
   * @param init A training state whose online weights and running statistics to begin with: all of the encoder's, and a
   *   head's where it has the same sizes.
   * @throws {RangeError} If a tensor of the encoder is missing or of another shape; names it.
   */
  initialize(seed: number, init?: NamedTensors): void {
    initNetwork(this.online, seed);
    if (init) {
      const heads = ["projector.", "predictor."].filter((head) => this.online.fits(init, "online.", head));
      for (const part of ["encoder.", ...heads]) this.online.load(init, "online.", part);
    }
    const encoder = this.device.createCommandEncoder({ label: "initialize" });
    for (
      const [from, to] of [
        [this.online.values, this.target.values],
        [this.online.statistics, this.target.statistics],
      ]
    ) {
      // The target's layout is a prefix of the online network's.
      encoder.copyBufferToBuffer(
        from.all.storage!.buffer,
        0,
        to.all.storage!.buffer,
        0,
        4 * to.layout.length,
      );
    }
    for (const [, buffer] of this.#kept) encoder.clearBuffer(buffer.all.storage!.buffer);
    this.lossScale.reset();
    submit(this.device, encoder, "initialize");
  }

  /**
   * Takes up a training state by the names that `read` gives; what the optimiser keeps, and the probe, start at zero where
   * they are left out, and the loss scale afresh.
   *
   * @throws {RangeError} If another tensor is missing or of another shape; names it.
   */
  load(tensors: NamedTensors): void {
    this.online.load(tensors, "online.");
    this.target.load(tensors, "target.");
    for (const [prefix, buffer] of this.#kept) {
      for (const { name, shape } of buffer.layout.slots) {
        const given = floatsOf(tensors, prefix + name);
        buffer.write(name, oihwToKrsc(given ?? new Float32Array(elementCount(shape)), shape));
      }
    }
    const scale = this.lossScale.isDynamic && floatsOf(tensors, "loss_scale");
    if (scale) this.lossScale.write(new Float32Array(scale));
    else this.lossScale.reset();
  }

  /**
   * Reads everything back, convolutions as OIHW. Waits for the GPU.
   *
   * @param step Optimiser steps done. @param microBatches Of each: BatchNorm counts two batches a micro-batch, one for
   *   each view.
   * @returns `trainingState` under the names `online.*`, `target.*`, `optimizer.momentum.*` (of AdamW
   *   `optimizer.exp_avg.*`, `optimizer.exp_avg_sq.*` and `optimizer.step`) and, where there is a probe,
   *   `probe.*` and `optimizer.probe.momentum.*`; where a loss scale moves, `loss_scale`;
   *   `model`, the online encoder under torchvision's names.
   */
  async read(
    step: number,
    microBatches = 1,
  ): Promise<{ model: NamedTensors; trainingState: NamedTensors }> {
    const parts: (readonly [string, FlatBuffer])[] = [
      ["online.", this.online.values],
      ["online.", this.online.statistics],
      ["target.", this.target.values],
      ["target.", this.target.statistics],
      ...this.#kept,
    ];
    const { tensors: trainingState, bits: [scale] } = await readBuffers(this.device, parts, [
      this.lossScale.state,
    ]);
    if (this.lossScale.isDynamic) {
      trainingState.set("loss_scale", { shape: [8], data: new Float32Array(scale) });
    }
    const model: NamedTensors = new Map(), encoder = "online.encoder.";
    for (const [name, tensor] of trainingState) {
      if (!name.startsWith(encoder)) continue;
      model.set(name.slice(encoder.length), tensor);
      if (name.endsWith(".running_var")) {
        const counter = name.slice(encoder.length).replace(/running_var$/, "num_batches_tracked");
        model.set(counter, { shape: [], data: BigInt64Array.of(BigInt(2 * microBatches * step)) });
      }
    }
    return { model, trainingState };
  }

  destroy(): void {
    for (const part of [this.online, this.target, this.optimizer, this.lossScale, this.probe]) {
      part?.destroy();
    }
  }
}

/** A tensor's values, undefined if there is none. @throws {RangeError} If they are not f32. */
function floatsOf(tensors: NamedTensors, name: string): Float32Array | undefined {
  const data = tensors.get(name)?.data;
  if (data instanceof BigInt64Array) throw new RangeError(`Cannot load ${name}: f32 needed, got i64`);
  return data;
}

/**
 * The state that a config asks for; nothing is initialised.
 *
 * @param options.classes As ByolState's.
 * @throws {DomainError} `invalid`, where mixed precision is asked of a device without f16.
 */
export function openByolState(
  { device, capabilities }: PipelineCache,
  config: ResolvedPretrainConfig,
  options: { classes?: number } = {},
): ByolState {
  const mixed = config.precision === "mixed";
  if (mixed && !capabilities.shaderF16) {
    const detail = "mixed needs an adapter with shader-f16, which this one lacks; f32 runs everywhere";
    throw new DomainError("invalid", `Cannot train in mixed precision: ${detail}`, {
      type: "no_shader_f16",
      errors: [{ pointer: "#/config/precision", detail }],
    });
  }
  return new ByolState(
    device,
    config,
    optimizerOptions(config),
    mixed ? LossScale.dynamic(device) : LossScale.none(device),
    options,
  );
}

/** What the config calls for; AdamW's averages and epsilon are torch's defaults. */
function optimizerOptions({ optimizer }: ResolvedPretrainConfig): OptimizerOptions {
  const { name, weight_decay: weightDecay, momentum, trust_coefficient: trustCoefficient } = optimizer;
  if (name === "adamw") return { name, weightDecay, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  return { name, weightDecay, momentum, trustCoefficient };
}
