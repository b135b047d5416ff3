import type { NamedTensors } from "../domain/tensor_data.ts";
import type { FlatBuffer } from "../gpu/parameters.ts";
import { readback } from "../gpu/readback.ts";
import { byteLength, elementCount } from "../gpu/tensor.ts";
import { initNetwork } from "../nn/init.ts";
import { krscToOihw, Network, oihwToKrsc } from "../nn/network.ts";
import { type ResNetSpec, resnetSpec } from "../nn/resnet_spec.ts";
import { MomentumState } from "../optim/momentum.ts";
import { byolLayout, type HeadSizes } from "./networks.ts";

/** What BYOL trains and keeps: the online network, the target that follows it, and the optimiser's momentum. */
export class ByolState {
  readonly spec: ResNetSpec;
  readonly online: Network;
  readonly target: Network;
  readonly optimizer: MomentumState;

  /** @throws {RangeError} If `arch` is not known. */
  constructor(readonly device: GPUDevice, { arch, ...heads }: HeadSizes & { arch: string }) {
    this.spec = resnetSpec(arch);
    this.online = new Network(device, byolLayout(this.spec, heads, "online"), "online", true);
    this.target = new Network(device, byolLayout(this.spec, heads, "target"), "target", false);
    this.optimizer = new MomentumState(device, this.online.layout.parameters);
  }

  /** Bytes of GPU memory that it takes. */
  get bytes(): number {
    const { online, target, optimizer } = this;
    const buffers = [online.values, online.statistics, online.gradients!, target.values, target.statistics];
    return [...buffers, optimizer.momentum].reduce((sum, { all }) => sum + byteLength(all), 0);
  }

  /** Fresh weights from `seed`; the target starts as a copy of the online network, as its average would. */
  initialize(seed: number): void {
    initNetwork(this.online, seed);
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
    encoder.clearBuffer(this.optimizer.momentum.all.storage!.buffer);
    this.device.queue.submit([encoder.finish({ label: "initialize" })]);
  }

  /**
   * Takes up a training state by the names that `read` gives; momentum that is left out starts at zero.
   *
   * @throws {RangeError} If another tensor is missing or of another shape; names it.
   */
  load(tensors: NamedTensors): void {
    this.online.load(tensors, "online.");
    this.target.load(tensors, "target.");
    const { momentum } = this.optimizer;
    for (const { name, shape } of momentum.layout.slots) {
      const data = tensors.get(`optimizer.momentum.${name}`)?.data ?? new Float32Array(elementCount(shape));
      if (!(data instanceof Float32Array)) {
        throw new RangeError(`Cannot load optimizer.momentum.${name}: f32 needed, got i64`);
      }
      momentum.write(name, oihwToKrsc(data, shape));
    }
  }

  /**
   * Reads everything back, convolutions as OIHW. Waits for the GPU.
   *
   * @param step Optimiser steps done; BatchNorm counts two batches a step, one for each view.
   * @returns `trainingState` under the names `online.*`, `target.*` and `optimizer.momentum.*`; `model`, the online
   *   encoder under torchvision's names.
   */
  async read(step: number): Promise<{ model: NamedTensors; trainingState: NamedTensors }> {
    const parts: [string, FlatBuffer][] = [
      ["online.", this.online.values],
      ["online.", this.online.statistics],
      ["target.", this.target.values],
      ["target.", this.target.statistics],
      ["optimizer.momentum.", this.optimizer.momentum],
    ];
    const bits = await readback(this.device, parts.map(([, buffer]) => buffer.all));
    const trainingState: NamedTensors = new Map();
    for (const [i, [prefix, { layout }]] of parts.entries()) {
      for (const { name, shape, offset } of layout.slots) {
        trainingState.set(
          prefix + name,
          krscToOihw(new Float32Array(bits[i], 4 * offset, elementCount(shape)), shape),
        );
      }
    }
    const model: NamedTensors = new Map(), encoder = "online.encoder.";
    for (const [name, tensor] of trainingState) {
      if (!name.startsWith(encoder)) continue;
      model.set(name.slice(encoder.length), tensor);
      if (name.endsWith(".running_var")) {
        const counter = name.slice(encoder.length).replace(/running_var$/, "num_batches_tracked");
        model.set(counter, { shape: [], data: BigInt64Array.of(BigInt(2 * step)) });
      }
    }
    return { model, trainingState };
  }

  destroy(): void {
    for (const part of [this.online, this.target, this.optimizer]) part.destroy();
  }
}
