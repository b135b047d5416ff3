import { elementCount, type Tensor } from "./tensor.ts";

/** What a parameter is. `bias` and `norm` are what LARS and weight decay leave alone. */
export type ParameterKind = "weight" | "bias" | "norm";

export interface ParameterSlot {
  name: string;
  kind: ParameterKind;
  shape: readonly number[];
  /** In elements, from the start of the flat buffers. A multiple of 64, so that it can be bound (256 bytes). */
  offset: number;
}

/** A run of whole parameters that one binding can hold; of a layout or of the flat buffers that follow it. */
export interface LayoutPart {
  /** In elements, both multiples of 64. */
  offset: number;
  length: number;
  slots: readonly ParameterSlot[];
}

/** A storage binding may start only at a multiple of 256 bytes on every adapter. */
const ALIGNMENT = 64;
const paddedCount = (shape: readonly number[]): number =>
  Math.ceil(elementCount(shape) / ALIGNMENT) * ALIGNMENT;

/** Names and shapes of a network's parameters, laid out one after another, before any buffer exists. */
export class ParameterLayout {
  readonly slots: ParameterSlot[] = [];
  readonly #byName = new Map<string, ParameterSlot>();
  /** Elements of a flat buffer, gaps included. */
  length = 0;

  /** @throws {TypeError} If the name is taken. */
  add(name: string, kind: ParameterKind, shape: readonly number[]): void {
    if (this.#byName.has(name)) throw new TypeError(`Cannot add parameter ${name}: the name is taken`);
    const slot = { name, kind, shape, offset: this.length };
    this.slots.push(slot);
    this.#byName.set(name, slot);
    this.length += paddedCount(shape);
  }

  /**
   * Cuts the layout between parameters into the fewest parts of at most `maxBytes` of f32: on an ordinary net, one.
   *
   * @throws {RangeError} If a parameter alone is larger; names it.
   */
  parts(maxBytes: number): LayoutPart[] {
    const parts: { offset: number; length: number; slots: ParameterSlot[] }[] = [];
    for (const slot of this.slots) {
      const length = paddedCount(slot.shape), part = parts.at(-1);
      if (4 * length > maxBytes) {
        throw new RangeError(
          `Cannot bind parameter ${slot.name}: a binding holds at most ${maxBytes} bytes, got ${
            4 * length
          } for shape [${slot.shape}]`,
        );
      }
      if (part && 4 * (part.length + length) <= maxBytes) {
        part.slots.push(slot);
        part.length += length;
      } else {
        parts.push({ offset: slot.offset, length, slots: [slot] });
      }
    }
    return parts;
  }

  /** @throws {TypeError} If there is no such parameter. */
  slot(name: string): ParameterSlot {
    const slot = this.#byName.get(name);
    if (!slot) throw new TypeError(`Cannot find parameter ${name}`);
    return slot;
  }
}

/**
 * One flat f32 buffer that holds a value for every element of a layout: weights, gradients or momentum. The gaps that
 * align its parameters are zero at first, and nothing but what covers whole parts writes there.
 */
export class FlatBuffer {
  /** To be copied; to be bound only where it is known to be small. */
  readonly all: Tensor;
  readonly #buffer: GPUBuffer;

  /** @param maxBindingBytes What `parts` keep to; the device's own limit unless a test wants less. */
  constructor(
    readonly device: GPUDevice,
    readonly layout: ParameterLayout,
    readonly label: string,
    readonly maxBindingBytes: number = device.limits.maxStorageBufferBindingSize,
  ) {
    this.#buffer = device.createBuffer({
      label,
      size: Math.max(4, 4 * layout.length),
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.all = { label, shape: [layout.length], dtype: "f32", storage: { buffer: this.#buffer, offset: 0 } };
  }

  /** The parts that kernels over all parameters take one after another. @throws {RangeError} As `ParameterLayout.parts`. */
  get parts(): LayoutPart[] {
    return this.layout.parts(this.maxBindingBytes);
  }

  /** One part's elements, `[length]`. */
  part({ offset, length }: LayoutPart): Tensor {
    return {
      label: this.label,
      shape: [length],
      dtype: "f32",
      storage: { buffer: this.#buffer, offset: 4 * offset },
    };
  }

  /** The part that belongs to one parameter, in its shape. */
  view(name: string): Tensor {
    const { shape, offset } = this.layout.slot(name);
    return {
      label: `${this.label}.${name}`,
      shape,
      dtype: "f32",
      storage: { buffer: this.#buffer, offset: 4 * offset },
    };
  }

  /** Overwrites one parameter's values. @throws {RangeError} If their number is not the parameter's. */
  write(name: string, values: Float32Array<ArrayBuffer>): void {
    const { shape, offset } = this.layout.slot(name);
    if (values.length !== elementCount(shape)) {
      throw new RangeError(
        `Cannot write ${name}: ${elementCount(shape)} values needed, got ${values.length}`,
      );
    }
    this.device.queue.writeBuffer(this.#buffer, 4 * offset, values);
  }

  destroy(): void {
    this.#buffer.destroy();
  }
}
