import { createBuffers } from "./allocate.ts";
import { blame } from "./gpu_error.ts";
import { byteLength, type Tensor } from "./tensor.ts";

/**
 * Copies a tensor to the CPU. The only wait of the engine, and a dear one (all submitted work, then 10 ms in Deno):
 * never inside the training loop's step.
 *
 * @returns The elements' bits; view them as the tensor's dtype.
 * @throws {OutOfMemoryError} If there is no room for the copy.
 * @throws {DeviceLostError} If the device was lost before the copy was there.
 */
export async function readback(device: GPUDevice, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  const sizes = tensors.map(byteLength);
  const total = sizes.reduce((a, b) => a + b, 0);
  const [staging] = await createBuffers(device, [{
    label: "readback",
    size: Math.max(4, total),
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  }]);
  try {
    const encoder = device.createCommandEncoder({ label: "readback" });
    let at = 0;
    for (const [i, tensor] of tensors.entries()) {
      if (!tensor.storage) throw new TypeError(`Cannot read ${tensor.label}: its plan is not compiled`);
      if (sizes[i] > 0) {
        encoder.copyBufferToBuffer(tensor.storage.buffer, tensor.storage.offset, staging, at, sizes[i]);
      }
      at += sizes[i];
    }
    device.queue.submit([encoder.finish({ label: "readback" })]);
    await staging.mapAsync(GPUMapMode.READ).catch(async (error) => {
      throw await blame(device, error);
    });
    const all = staging.getMappedRange();
    let from = 0;
    return sizes.map((size) => all.slice(from, from += size));
  } finally {
    staging.destroy();
  }
}

/** Reads one f32 tensor. */
export async function readFloats(device: GPUDevice, tensor: Tensor): Promise<Float32Array> {
  return new Float32Array((await readback(device, [tensor]))[0]);
}
