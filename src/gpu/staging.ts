/**
 * Buffers that are kept, by their bytes: as many as are read at the same time. A training step's figures, a batch's
 * embeddings or one search's cosines go into the small ones; 64 searches' into the other.
 */
const KEPT: readonly [bytes: number, most: number][] = [[2 ** 21, 2], [2 ** 25, 1]];
/** The most that is read without Deno's sleep. */
export const KEPT_BYTES = KEPT.at(-1)![0];
const USAGE = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;

/** A buffer that the CPU reads what was copied into. */
export interface Staging {
  readonly buffer: GPUBuffer;
  /** Whether it was mapped before, its promise awaited. */
  wasMapped: boolean;
}

const kept = new WeakMap<GPUDevice, Staging[]>();

/** A buffer of `size` bytes at least, which whoever takes it gives back. An error is the device's, in its scopes. */
export function takeStaging(device: GPUDevice, size: number): Staging {
  const bytes = KEPT.find(([most]) => most >= size)?.[0] ?? size, idle = kept.get(device) ?? [];
  const known = idle.findIndex(({ buffer }) => buffer.size === bytes);
  if (known >= 0) return idle.splice(known, 1)[0];
  return {
    buffer: device.createBuffer({ label: "readback", size: bytes, usage: USAGE }),
    wasMapped: false,
  };
}

/** Keeps a small one that was read, and is not mapped any more, for the next time; frees another. */
export function giveStaging(device: GPUDevice, staging: Staging): void {
  let idle = kept.get(device);
  if (!idle) kept.set(device, idle = []);
  const { size } = staging.buffer, most = KEPT.find(([bytes]) => bytes === size)?.[1] ?? 0;
  const alike = idle.filter(({ buffer }) => buffer.size === size).length;
  if (staging.wasMapped && alike < most) idle.push(staging);
  else staging.buffer.destroy();
}

/** Frees what is kept of a device: whoever has done with its work for now leaves nothing of it behind. */
export function dropStaging(device: GPUDevice): void {
  for (const { buffer } of kept.get(device) ?? []) buffer.destroy();
  kept.delete(device);
}

/**
 * Deno 2.9 maps a buffer, the wait for the GPU included, within the call of `mapAsync`, and then sleeps for 10 ms before
 * the promise resolves (its ext/webgpu/buffer.rs). `getMappedRange` asks wgpu itself, which has the range by then, or
 * throws; so the sleep need not be waited for. But a buffer's first map must be: until then Deno does not know what it is
 * mapped for, and the process would end.
 */
const isMappedByTheCall = (device: GPUDevice, { wasMapped }: Staging): boolean =>
  wasMapped && Deno.version.deno.startsWith("2.9.") && device instanceof GPUDevice;

/**
 * Waits for all that was submitted, and reads a buffer's first bytes.
 *
 * @param use Given them while they are mapped.
 * @throws What `mapAsync` rejects with.
 */
export async function readStaging(
  device: GPUDevice,
  staging: Staging,
  size: number,
  use: (bytes: Uint8Array<ArrayBuffer>) => void,
): Promise<void> {
  const { buffer } = staging, mapped = buffer.mapAsync(GPUMapMode.READ, 0, size);
  let range: ArrayBuffer | undefined;
  if (isMappedByTheCall(device, staging)) {
    try {
      range = buffer.getMappedRange(0, size);
      mapped.catch(() => {}); // it is read, so nothing hangs on it
    } catch { // not yet: as anywhere else
    }
  }
  if (!range) {
    await mapped;
    staging.wasMapped = true;
    range = buffer.getMappedRange(0, size);
  }
  use(new Uint8Array(range));
  buffer.unmap();
  // Messages and timers get a turn with every wait, as they do where it sleeps. A timer: between immediates, and in promises,
  // the runtime looks for input once in 61 turns only, and a job that trains would not hear of its end for seconds.
  await new Promise((resolve) => setTimeout(resolve, 0));
}
