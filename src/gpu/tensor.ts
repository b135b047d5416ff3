/** The element types that storage buffers hold. */
export type DType = "f32" | "u32";

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
}

/** The number of elements of a shape; 1 for a scalar's empty shape. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** The bytes a tensor takes; all element types have four. */
export const byteLength = (tensor: Tensor): number => 4 * elementCount(tensor.shape);

/** @throws {RangeError} If `tensor` does not have exactly this shape. */
export function expectShape(tensor: Tensor, shape: readonly number[], what: string): void {
  if (tensor.shape.length !== shape.length || tensor.shape.some((extent, i) => extent !== shape[i])) {
    throw new RangeError(
      `Cannot use ${tensor.label} as ${what}: shape must be [${shape}], got [${tensor.shape}]`,
    );
  }
}
