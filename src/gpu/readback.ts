import { blame, OutOfMemoryError } from "./gpu_error.ts";
import { byteLength, type Tensor } from "./tensor.ts";
import { giveStaging, readStaging, type Staging, takeStaging } from "./staging.ts";
import { collectSubmitted, submit } from "./submit.ts";

/** What is copied at once at most, and what every device makes a buffer of: a large net's state takes gigabytes. */
const STAGING_BYTES = 2 ** 28;

/** A stretch of a tensor's bytes, and where it lies in the staging buffer. */
interface Piece {
  tensor: number;
  from: number;
  bytes: number;
  at: number;
}

/**
 * Copies tensors to the CPU. The only wait of the engine, and a dear one: for all submitted work, and in Deno 10 ms more
 * for what is larger than `KEPT_BYTES`. So never inside the training loop's step. What is copied is what was submitted
 * before the call, awaited or not; but more than `stagingBytes` are copied in rounds, each with a wait of its own, and must
 * not be written to in the meantime.
 *
 * @returns The elements' bits; view them as the tensor's dtype.
 * @throws {TypeError} If a tensor's plan is not compiled.
 * @throws {OutOfMemoryError} If there is no room for the copy.
 * @throws {DeviceLostError} If the device was lost before the copy was there.
 */
export async function readback(
  device: GPUDevice,
  tensors: readonly Tensor[],
  stagingBytes: number = STAGING_BYTES,
): Promise<ArrayBuffer[]> {
  const missing = tensors.find(({ storage }) => !storage);
  if (missing) throw new TypeError(`Cannot read ${missing.label}: its plan is not compiled`);
  const sizes = tensors.map(byteLength), results = sizes.map((bytes) => new ArrayBuffer(bytes));
  const size = Math.max(4, Math.min(sizes.reduce((a, b) => a + b, 0), stagingBytes));
  let staging: Staging | undefined, isRead = false;
  try {
    for (const round of roundsOf(sizes, size)) {
      device.pushErrorScope("validation"); // a copy into a buffer that there is no memory for is such an error too
      device.pushErrorScope("out-of-memory");
      staging ??= takeStaging(device, size);
      const encoder = device.createCommandEncoder({ label: "readback" });
      for (const { tensor, from, bytes, at } of round) {
        const { buffer, offset } = tensors[tensor].storage!;
        encoder.copyBufferToBuffer(buffer, offset + from, staging.buffer, at, bytes);
      }
      submit(device, encoder, "readback");
      collectSubmitted(device);
      const [noMemory, invalid] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
      if (noMemory) throw new OutOfMemoryError("readback", size, noMemory.message);
      if (invalid) throw new Error(`Cannot read ${tensors.map(({ label }) => label)}: ${invalid.message}`);
      await readStaging(device, staging, size, (all) => {
        for (const { tensor, from, bytes, at } of round) {
          new Uint8Array(results[tensor], from, bytes).set(all.subarray(at, at + bytes));
        }
      }).catch(async (error) => {
        throw await blame(device, error);
      });
    }
    isRead = true;
    return results;
  } finally {
    if (isRead) giveStaging(device, staging!);
    else staging?.buffer.destroy();
  }
}

/** All tensors' bytes, cut into rounds that fill the staging buffer; one, if need be of nothing, at least. */
function roundsOf(sizes: readonly number[], capacity: number): Piece[][] {
  const rounds: Piece[][] = [[]];
  let at = 0;
  for (const [tensor, size] of sizes.entries()) {
    for (let from = 0; from < size;) {
      if (at === capacity) {
        rounds.push([]);
        at = 0;
      }
      const bytes = Math.min(size - from, capacity - at);
      rounds.at(-1)!.push({ tensor, from, bytes, at });
      from += bytes;
      at += bytes;
    }
  }
  return rounds;
}

/** Reads one f32 tensor. */
export async function readFloats(device: GPUDevice, tensor: Tensor): Promise<Float32Array> {
  return new Float32Array((await readback(device, [tensor]))[0]);
}
