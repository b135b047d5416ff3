import { FlatBuffer, ParameterLayout } from "../gpu/parameters.ts";
import { readback } from "../gpu/readback.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import type { NamedTensors, TensorData } from "../domain/tensor_data.ts";

/** Where a network's parameters and BatchNorm statistics lie, before any buffer exists. Names are torchvision's. */
export class NetworkLayout {
  readonly parameters = new ParameterLayout();
  readonly statistics = new ParameterLayout();

  /** Bytes of GPU memory that it takes, without gradients. */
  get bytes(): number {
    return 4 * (this.parameters.length + this.statistics.length);
  }
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
   * @param prefix Stands before each name in `tensors`. @param part What the names of those to load begin with.
   * @throws {RangeError} If a tensor is missing or of another shape; names it.
   */
  load(tensors: NamedTensors, prefix: string, part = ""): void {
    for (const buffer of [this.values, this.statistics]) loadBuffer(buffer, tensors, prefix, part);
  }

  /** Whether `load` would find all that it needs. */
  fits(tensors: NamedTensors, prefix: string, part = ""): boolean {
    return [this.values, this.statistics].every(({ layout }) =>
      layout.slots.every(({ name, shape }) => {
        const tensor = tensors.get(prefix + name);
        return !name.startsWith(part) || (tensor !== undefined && hasShape(tensor, shape));
      })
    );
  }

  destroy(): void {
    for (const buffer of [this.values, this.statistics, this.gradients]) buffer?.destroy();
  }
}

/** `Network.load`, of one flat buffer: an optimiser's, say. @throws {RangeError} As it. */
export function loadBuffer(buffer: FlatBuffer, tensors: NamedTensors, prefix: string, part = ""): void {
  for (const { name, shape } of buffer.layout.slots) {
    if (!name.startsWith(part)) continue;
    const tensor = tensors.get(prefix + name);
    if (!tensor || !(tensor.data instanceof Float32Array) || !hasShape(tensor, shape)) {
      throw new RangeError(
        `Cannot load ${prefix}${name}: f32 values of shape [${fileShape(shape)}] needed, got ${
          tensor ? `shape [${tensor.shape}]` : "none"
        }`,
      );
    }
    buffer.write(name, oihwToKrsc(tensor.data, shape));
  }
}

/**
 * Reads flat buffers back, as files keep them: what `load` takes, each name behind its buffer's prefix. Waits for the GPU.
 *
 * @param more Other tensors, in the same wait. @returns `bits`: theirs.
 */
export async function readBuffers(
  device: GPUDevice,
  buffers: readonly (readonly [prefix: string, buffer: FlatBuffer])[],
  more: readonly Tensor[] = [],
): Promise<{ tensors: NamedTensors; bits: ArrayBuffer[] }> {
  const bits = await readback(device, [...buffers.map(([, buffer]) => buffer.all), ...more]);
  const tensors: NamedTensors = new Map();
  for (const [i, [prefix, { layout }]] of buffers.entries()) {
    for (const { name, shape, offset } of layout.slots) {
      const values = new Float32Array(bits[i], 4 * offset, elementCount(shape));
      tensors.set(prefix + name, krscToOihw(values, shape));
    }
  }
  return { tensors, bits: bits.slice(buffers.length) };
}

/** The shape that files have what is `shape` on the GPU in. */
const fileShape = (shape: readonly number[]): readonly number[] => {
  const [K, R, S, C] = shape;
  return shape.length === 4 ? [K, C, R, S] : shape;
};
function hasShape(tensor: TensorData, shape: readonly number[]): boolean {
  const expected = fileShape(shape);
  return tensor.shape.length === expected.length && tensor.shape.every((side, i) => side === expected[i]);
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
