import { blame, OutOfMemoryError } from "./gpu_error.ts";
import { byteLength, type Tensor } from "./tensor.ts";

/**
 * Copies a tensor to the CPU. The only wait of the engine, and a dear one (all submitted work, then 10 ms in Deno):
 * never inside the training loop's step. What is copied is what was submitted before the call, awaited or not.
 *
 * @returns The elements' bits; view them as the tensor's dtype.
 * @throws {TypeError} If a tensor's plan is not compiled.
 * @throws {OutOfMemoryError} If there is no room for the copy.
 * @throws {DeviceLostError} If the device was lost before the copy was there.
 */
export async function readback(device: GPUDevice, tensors: readonly Tensor[]): Promise<ArrayBuffer[]> {
  const sizes = tensors.map(byteLength), size = Math.max(4, sizes.reduce((a, b) => a + b, 0));
  const missing = tensors.find(({ storage }) => !storage);
  if (missing) throw new TypeError(`Cannot read ${missing.label}: its plan is not compiled`);
  const limit = device.limits.maxBufferSize;
  if (size > limit) throw new OutOfMemoryError("readback", size, `one buffer takes at most ${limit}`);

  device.pushErrorScope("validation"); // a copy into a buffer that there is no memory for is such an error too
  device.pushErrorScope("out-of-memory");
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const staging = device.createBuffer({ label: "readback", size, usage });
  const encoder = device.createCommandEncoder({ label: "readback" });
  let at = 0;
  for (const [i, { storage }] of tensors.entries()) {
    if (sizes[i] > 0) encoder.copyBufferToBuffer(storage!.buffer, storage!.offset, staging, at, sizes[i]);
    at += sizes[i];
  }
  device.queue.submit([encoder.finish({ label: "readback" })]);
  const outcome = Promise.all([device.popErrorScope(), device.popErrorScope()]);
  try {
    const [noMemory, invalid] = await outcome;
    if (noMemory) throw new OutOfMemoryError("readback", size, noMemory.message);
    if (invalid) throw new Error(`Cannot read ${tensors.map(({ label }) => label)}: ${invalid.message}`);
    await staging.mapAsync(GPUMapMode.READ).catch(async (error) => {
      throw await blame(device, error);
    });
    const all = staging.getMappedRange();
    let from = 0;
    return sizes.map((length) => all.slice(from, from += length));
  } finally {
    staging.destroy();
  }
}

/** Reads one f32 tensor. */
export async function readFloats(device: GPUDevice, tensor: Tensor): Promise<Float32Array> {
  return new Float32Array((await readback(device, [tensor]))[0]);
}
