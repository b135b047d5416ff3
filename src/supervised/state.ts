import { type FinetuneConfig, FREEZABLE } from "../domain/finetune.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { submit } from "../gpu/submit.ts";
import { byteLength } from "../gpu/tensor.ts";
import { initNetwork } from "../nn/init.ts";
import { loadBuffer, Network, readBuffers } from "../nn/network.ts";
import { blocksOf, type ResNetSpec, resnetSpec } from "../nn/resnet_architecture.ts";
import { LossScale } from "../optim/loss_scale.ts";
import { MomentumState } from "../optim/momentum.ts";
import { classifierLayout, ENCODER } from "./network.ts";

/** What the optimiser's momentum is called in a checkpoint. */
const MOMENTUM = "optimizer.momentum.";

/** What is trained and kept: the classifier, and its optimiser's momentum. */
export class ClassifierState {
  readonly spec: ResNetSpec;
  readonly network: Network;
  readonly optimizer: MomentumState;
  /** Of a run in f32: 1 for good. */
  readonly lossScale: LossScale;
  /** As ResNetTraining's. */
  readonly frozen: number;

  /**
   * @param classes Outputs of the head.
   * @throws {RangeError} If `arch` is not known. @throws {OutOfMemoryError} As a FlatBuffer.
   */
  constructor(
    readonly device: GPUDevice,
    { arch, freeze, momentum, weight_decay }: Pick<
      FinetuneConfig,
      "arch" | "freeze" | "momentum" | "weight_decay"
    >,
    readonly classes: number,
  ) {
    this.spec = resnetSpec(arch);
    this.frozen = freeze === null ? 0 : FREEZABLE.indexOf(freeze) + 1;
    this.network = new Network(device, classifierLayout(this.spec, classes), "classifier", true);
    const frozen = frozenPrefixes(this.spec, this.frozen);
    this.optimizer = new MomentumState(device, this.network.layout.parameters, {
      ...{ name: "sgd", weightDecay: weight_decay, momentum, trustCoefficient: 0, nesterov: true },
      fixed: (name) => frozen.some((prefix) => name.startsWith(prefix)),
    });
    this.lossScale = LossScale.none(device);
  }

  /** Bytes of GPU memory that it takes. */
  get bytes(): number {
    const { values, statistics, gradients } = this.network;
    return [values, statistics, gradients!, this.optimizer.momentum]
      .reduce((sum, { all }) => sum + byteLength(all), 0);
  }

  /**
   * A new training's state: fresh weights from `seed`, the encoder's of `init` where there is one, no momentum.
   *
   * @param init An encoder's tensors under torchvision's names; others, a head's, say, are not looked at.
   * @throws {RangeError} If a tensor of the encoder is missing or of another shape; names it.
   */
  initialize(seed: number, init?: NamedTensors): void {
    initNetwork(this.network, seed);
    if (init) {
      const encoder = new Map([...init].map(([name, tensor]) => [`${ENCODER}.${name}`, tensor]));
      this.network.load(encoder, "", `${ENCODER}.`);
    }
    const commands = this.device.createCommandEncoder({ label: "initialize" });
    commands.clearBuffer(this.optimizer.momentum.all.storage!.buffer);
    submit(this.device, commands, "initialize");
  }

  /** Takes up a training state, by the names that `read` gives. @throws {RangeError} As `initialize`. */
  load(tensors: NamedTensors): void {
    this.network.load(tensors, "");
    loadBuffer(this.optimizer.momentum, tensors, MOMENTUM);
  }

  /**
   * Reads everything back, convolutions as OIHW. Waits for the GPU.
   *
   * @param steps Steps of this training; `num_batches_tracked` counts them, and none where BatchNorm is frozen.
   * @returns `trainingState`, under `encoder.*`, `fc.*` and `optimizer.momentum.*`; `model`, the classifier under
   *   torchvision's names.
   */
  async read(steps: number): Promise<{ model: NamedTensors; trainingState: NamedTensors }> {
    const { values, statistics } = this.network;
    const { tensors: trainingState } = await readBuffers(this.device, [
      ["", values],
      ["", statistics],
      [MOMENTUM, this.optimizer.momentum],
    ]);
    const model: NamedTensors = new Map(), frozen = frozenPrefixes(this.spec, this.frozen);
    for (const [name, tensor] of trainingState) {
      if (name.startsWith(MOMENTUM)) continue;
      const outside = name.replace(/^encoder\./, "");
      model.set(outside, tensor);
      if (outside.endsWith(".running_var")) {
        const count = frozen.some((prefix) => name.startsWith(prefix)) ? 0 : steps;
        const counter = outside.replace(/running_var$/, "num_batches_tracked");
        model.set(counter, { shape: [], data: BigInt64Array.of(BigInt(count)) });
      }
    }
    return { model, trainingState };
  }

  destroy(): void {
    for (const part of [this.network, this.optimizer, this.lossScale]) part.destroy();
  }
}

/** What the names of frozen parameters begin with. */
function frozenPrefixes(spec: ResNetSpec, frozen: number): string[] {
  if (frozen === 0) return [];
  const blocks = [...blocksOf(spec, ENCODER)].filter(({ group }) => group < frozen);
  return [`${ENCODER}.conv1.`, `${ENCODER}.bn1.`, ...blocks.map(({ name }) => `${name}.`)];
}
