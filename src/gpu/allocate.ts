import { OutOfMemoryError } from "./gpu_error.ts";
import { byteLength, type Tensor } from "./tensor.ts";

/** The limits that say how large a tensor may be. */
export type SizeLimits = Pick<GPUSupportedLimits, "maxStorageBufferBindingSize" | "maxBufferSize">;

/** Bytes that a device binds of one buffer at most. */
export const bindingLimit = ({ maxStorageBufferBindingSize, maxBufferSize }: SizeLimits): number =>
  Math.min(maxStorageBufferBindingSize, maxBufferSize);

/**
 * Makes sure that a buffer is within a device's limits before it is made: WebGPU would answer with a buffer that does
 * nothing, and an error that no call catches.
 *
 * @throws {OutOfMemoryError} Naming it.
 */
export function expectBufferSize({ maxBufferSize }: SizeLimits, label: string, size: number): void {
  if (size > maxBufferSize) {
    throw new OutOfMemoryError(label, size, `one buffer takes at most ${maxBufferSize}`);
  }
}

/** As `expectBufferSize`, of a tensor, which kernels bind whole. @throws {OutOfMemoryError} Naming it. */
export function expectBindable(limits: SizeLimits, tensor: Tensor): void {
  const bytes = byteLength(tensor), limit = bindingLimit(limits);
  if (bytes > limit) {
    const reason = `shape [${tensor.shape}], and the device binds at most ${limit} bytes`;
    throw new OutOfMemoryError(tensor.label, bytes, reason);
  }
}

/**
 * Makes buffers and makes sure that they are there: WebGPU answers a lack of memory with a buffer that silently does
 * nothing.
 *
 * @returns One buffer a descriptor, in their order.
 * @throws {OutOfMemoryError} Naming the first buffer that did not fit; those made before it are destroyed.
 */
export async function createBuffers(
  device: GPUDevice,
  descriptors: readonly GPUBufferDescriptor[],
): Promise<GPUBuffer[]> {
  for (const { label = "a buffer", size } of descriptors) expectBufferSize(device.limits, label, size);
  const buffers: GPUBuffer[] = [], outcomes: Promise<GPUError | null>[] = [];
  for (const descriptor of descriptors) { // pushed and popped in one turn, so that nobody else's calls come between
    device.pushErrorScope("out-of-memory");
    buffers.push(device.createBuffer(descriptor));
    outcomes.push(device.popErrorScope());
  }
  const errors = await Promise.all(outcomes), at = errors.findIndex(Boolean);
  if (at >= 0) {
    const { label = "a buffer", size } = descriptors[at];
    const before = descriptors.slice(0, at).reduce((sum, { size }) => sum + size, 0);
    for (const buffer of buffers) buffer.destroy();
    throw new OutOfMemoryError(label, size, `${before} were taken just before: ${errors[at]!.message}`);
  }
  return buffers;
}
