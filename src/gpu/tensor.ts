/** The element types that storage buffers hold. */
export type DType = "f32" | "f16" | "u32";
/** Bytes of an element. */
export const BYTES: Record<DType, number> = { f32: 4, f16: 2, u32: 4 };

/**
 * An array on the GPU: row-major, dense. Until its recorder is compiled it is a name with a shape; then it
 * owns, or shares a range of, a buffer.
 */
export interface Tensor {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Where it lives; undefined before `compile` for what the recorder allocated. */
  storage?: { readonly buffer: GPUBuffer; readonly offset: number };
  /** The tensor whose elements these are, where this is another shape for them. */
  readonly base?: Tensor;
  /** Where one binding does not take it: what it lies in, along its first axis. It has no storage itself (`parts.ts`). */
  readonly parts?: readonly Tensor[];
  /** Of a window on `base`, some of its rows: the element that it begins at. No binding begins there. */
  readonly start?: number;
}

/** The number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The bytes a tensor takes: whole words, since that is what bindings and copies are made of. */
export const byteLength = ({ dtype, shape }: Tensor): number =>
  Math.ceil((BYTES[dtype] * elementCount(shape)) / 4) * 4;

/** The same elements under another shape. It follows the original's storage, which comes only with compile. */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== elementCount(tensor.shape)) {
    throw new RangeError(
      `Cannot reshape ${tensor.label}: [${tensor.shape}] has not the elements of [${shape}]`,
    );
  }
  if (tensor.parts || tensor.start !== undefined) {
    throw new TypeError(`Cannot reshape ${tensor.label}: it lies in parts`);
  }
  const base = tensor.base ?? tensor;
  return {
    label: tensor.label,
    dtype: tensor.dtype,
    shape,
    base,
    get storage() {
      return base.storage;
    },
  };
}

/** @throws {RangeError} If `tensor` does not have exactly this shape. */
export function expectShape(tensor: Tensor, shape: readonly number[], what: string): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((extent, i) => extent !== shape[i])) {
    throw new RangeError(
      `Cannot use ${tensor.label} as ${what}: shape must be [${shape}], got [${tensor.shape}]`,
    );
  }
}

/** @throws {RangeError} If `tensor` has not `like`'s shape. @throws {TypeError} If it holds another type. */
export function expectLike(tensor: Tensor, like: Tensor, what: string): void {
  expectShape(tensor, like.shape, what);
  if (tensor.dtype !== like.dtype) {
    throw new TypeError(
      `Cannot use ${tensor.label} as ${what}: it must hold ${like.dtype} as ${like.label} does, got ${tensor.dtype}`,
    );
  }
}

/** What kernels are to read and write a tensor of activations as. @throws {TypeError} If it holds no floats. */
export function elemOf({ label, dtype }: Tensor): "f32" | "f16" {
  if (dtype === "u32") throw new TypeError(`Cannot compute with ${label}: it holds u32`);
  return dtype;
}
