import { OutOfMemoryError } from "./gpu_error.ts";

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
  const limit = device.limits.maxBufferSize;
  for (const { label = "a buffer", size } of descriptors) {
    if (size > limit) throw new OutOfMemoryError(label, size, `one buffer takes at most ${limit}`);
  }
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
