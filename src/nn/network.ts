import { FlatBuffer, ParameterLayout } from "../gpu/parameters.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { elementCount } from "../gpu/tensor.ts";

/** Where a network's parameters and BatchNorm statistics lie, before any buffer exists. Names are torchvision's. */
export class NetworkLayout {
  readonly parameters = new ParameterLayout();
  readonly statistics = new ParameterLayout();

  addConv2d(name: string, K: number, R: number, S: number, C: number): void {
    this.parameters.add(`${name}.weight`, "weight", [K, R, S, C]);
  }
  addLinear(name: string, outputs: number, inputs: number, bias: boolean): void {
    this.parameters.add(`${name}.weight`, "weight", [outputs, inputs]);
    if (bias) this.parameters.add(`${name}.bias`, "bias", [outputs]);
  }
  addBatchNorm(name: string, channels: number): void {
    this.parameters.add(`${name}.weight`, "norm", [channels]);
    this.parameters.add(`${name}.bias`, "norm", [channels]);
    this.statistics.add(`${name}.running_mean`, "norm", [channels]);
    this.statistics.add(`${name}.running_var`, "norm", [channels]);
  }
}

/** A network's values on the GPU: parameters, running statistics and, where it is trained, gradients. */
export class Network {
  readonly values: FlatBuffer;
  readonly statistics: FlatBuffer;
  readonly gradients: FlatBuffer | undefined;

  constructor(readonly device: GPUDevice, readonly layout: NetworkLayout, label: string, trained: boolean) {
    this.values = new FlatBuffer(device, layout.parameters, label);
    this.statistics = new FlatBuffer(device, layout.statistics, `${label}.statistics`);
    this.gradients = trained ? new FlatBuffer(device, layout.parameters, `${label}.gradients`) : undefined;
  }

  value(name: string): Tensor {
    return this.values.view(name);
  }
  /** @throws {TypeError} If this network is not trained: a target has no gradients. */
  gradient(name: string): Tensor {
    if (!this.gradients) {
      throw new TypeError(`Cannot find a gradient of ${name}: ${this.values.label} is not trained`);
    }
    return this.gradients.view(name);
  }
  /** A BatchNorm's parameters and running statistics. */
  batchNorm(name: string) {
    return {
      gamma: this.value(`${name}.weight`),
      beta: this.value(`${name}.bias`),
      runningMean: this.statistics.view(`${name}.running_mean`),
      runningVar: this.statistics.view(`${name}.running_var`),
    };
  }

  /**
   * Loads parameters and statistics by name; convolutions are OIHW outside and KRSC here.
   *
   * @param prefix Stands before each name in `tensors`.
   * @throws {RangeError} If a tensor is missing or of another shape; names it.
   */
  load(tensors: NamedTensors, prefix: string): void {
    for (const buffer of [this.values, this.statistics]) {
      for (const { name, shape } of buffer.layout.slots) {
        const tensor = tensors.get(prefix + name);
        if (!tensor || !(tensor.data instanceof Float32Array) || tensor.data.length !== elementCount(shape)) {
          throw new RangeError(
            `Cannot load ${prefix}${name}: ${elementCount(shape)} f32 values needed, got ${
              tensor ? `shape [${tensor.shape}]` : "none"
            }`,
          );
        }
        buffer.write(name, oihwToKrsc(tensor.data, shape));
      }
    }
  }

  destroy(): void {
    for (const buffer of [this.values, this.statistics, this.gradients]) buffer?.destroy();
  }
}

/** Files keep convolutions as [K, C, R, S] (torchvision); the GPU as [K, R, S, C]. Other ranks pass unchanged. */
export function oihwToKrsc(data: Float32Array, krsc: readonly number[]): Float32Array<ArrayBuffer> {
  if (krsc.length !== 4) return new Float32Array(data);
  const [K, R, S, C] = krsc, out = new Float32Array(data.length), pixels = R * S;
  for (let k = 0; k < K; k++) {
    for (let c = 0; c < C; c++) {
      for (let p = 0; p < pixels; p++) out[(k * pixels + p) * C + c] = data[(k * C + c) * pixels + p];
    }
  }
  return out;
}

/** The inverse of `oihwToKrsc`: values and shape as files keep them. */
export function krscToOihw(
  data: Float32Array,
  krsc: readonly number[],
): { shape: number[]; data: Float32Array } {
  if (krsc.length !== 4) return { shape: [...krsc], data };
  const [K, R, S, C] = krsc, out = new Float32Array(data.length), pixels = R * S;
  for (let k = 0; k < K; k++) {
    for (let c = 0; c < C; c++) {
      for (let p = 0; p < pixels; p++) out[(k * C + c) * pixels + p] = data[(k * pixels + p) * C + c];
    }
  }
  return { shape: [K, C, R, S], data: out };
}
