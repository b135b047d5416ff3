import { DomainError, GPU_LOST } from "../domain/errors.ts";

/** The device is gone (a driver's reset, a crash, `destroy`), and everything on it. Another process may get a new one. */
export class DeviceLostError extends DomainError {
  override name = "DeviceLostError";
  constructor(reason: string) {
    super("unavailable", `Cannot go on: the GPU was lost (${reason})`, {
      type: GPU_LOST,
      retryAfterSeconds: 2,
    });
  }
}

/** The GPU has not the memory for what was asked of it: smaller images, batches or networks may fit. */
export class OutOfMemoryError extends DomainError {
  override name = "OutOfMemoryError";
  /** @param bytes Undefined where the implementation tells only that, not what, it could not allocate. */
  constructor(what: string, bytes: number | undefined, reason: string) {
    const size = bytes === undefined ? "" : ` of ${bytes} bytes`;
    super("unavailable", `Cannot allocate ${what}${size}: the GPU has no memory for it (${reason})`, {
      type: "gpu_out_of_memory",
    });
  }
}

/** Deno's map fails a moment before the loss is told. */
const LOSS_TOLD_MS = 100;

/** What a failed call on the device should be blamed on: the device's loss if it is lost, else `error` itself. */
export async function blame(device: GPUDevice, error: unknown): Promise<unknown> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), LOSS_TOLD_MS);
  const info = await Promise.race([device.lost, late]);
  clearTimeout(timer);
  return info ? new DeviceLostError(lossReason(info)) : error;
}

/** Dawn and Deno both leave one of the two empty at times. */
export const lossReason = ({ reason, message }: GPUDeviceLostInfo): string =>
  [reason, message].filter(Boolean).join(": ") || "no reason given";
