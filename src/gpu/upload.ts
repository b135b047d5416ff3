import { byteLength, type DType, type Tensor } from "./tensor.ts";

/** A tensor with a buffer of its own, which the CPU writes; `destroy` its buffer when done. */
export function uploadTensor(
  device: GPUDevice,
  label: string,
  shape: readonly number[],
  dtype: DType,
  values?: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>,
): Tensor & { storage: { buffer: GPUBuffer; offset: number } } {
  const tensor = { label, shape, dtype };
  const buffer = device.createBuffer({
    label,
    size: Math.max(4, byteLength(tensor)),
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  // Deno's writeBuffer ends the process when it is given nothing.
  if (values?.length) device.queue.writeBuffer(buffer, 0, values);
  return { ...tensor, storage: { buffer, offset: 0 } };
}
