import { DomainError } from "../domain/errors.ts";
import { createBuffers } from "../gpu/allocate.ts";
import { OutOfMemoryError } from "../gpu/gpu_error.ts";

/** The memory that a training run takes of a GPU. */
export interface Fit {
  /** What the config calls that number. */
  field?: "batch" | "micro_batch";
  batch: number;
  /**
   * Bytes at another batch size. Allocates nothing.
   *
   * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
   */
  bytesAt(batch: number): number;
  /** The most bytes that may be taken; where it isn't known, the device is asked by allocating. */
  budget: number | undefined;
}

/** BatchNorm needs two images. */
const LEAST_BATCH = 2;

/**
 * Makes sure that a run fits before anything is allocated.
 *
 * @throws {DomainError} `invalid`, type `does_not_fit`, naming the largest batch that would fit.
 */
export async function expectFit(device: GPUDevice, fit: Fit): Promise<void> {
  const taken = tryBytes(fit, fit.batch);
  if (taken === undefined || taken > (fit.budget ?? Infinity)) throw await refuse(device, fit);
}

/** What to throw where a run turned out not to fit: as `expectFit`'s. */
export async function refuse(device: GPUDevice, fit: Fit): Promise<DomainError> {
  const { batch, budget, field = "batch" } = fit, taken = tryBytes(fit, batch);
  const fits = async (size: number) => {
    const bytes = tryBytes(fit, size);
    return bytes !== undefined && (budget === undefined ? await canAllocate(device, bytes) : bytes <= budget);
  };
  let least = LEAST_BATCH - 1, most = batch; // fits, or nothing does; doesn't fit
  while (most - least > 1) {
    const middle = (least + most) >> 1;
    if (await fits(middle)) least = middle;
    else most = middle;
  }
  const needs = taken === undefined ? bindingReason(fit) : `it takes ${mebibytes(taken)} of the GPU's memory`;
  const has = taken === undefined || budget === undefined
    ? ""
    : `, of which ${mebibytes(budget)} may be taken`;
  const detail = least < LEAST_BATCH
    ? `${needs}${has}; no batch fits`
    : `${needs}${has}; the largest ${field} that fits is ${least}`;
  return new DomainError("invalid", `Cannot train with ${field} ${batch}: ${detail}`, {
    type: "does_not_fit",
    errors: [{ pointer: `#/config/${field}`, detail }],
  });
}

function tryBytes({ bytesAt }: Fit, batch: number): number | undefined {
  try {
    return bytesAt(batch);
  } catch (error) {
    if (error instanceof OutOfMemoryError) return undefined;
    throw error;
  }
}

function bindingReason({ bytesAt, batch }: Fit): string {
  try {
    bytesAt(batch);
  } catch (error) {
    if (error instanceof OutOfMemoryError) return error.message.replace(/^Cannot allocate /, "it needs ");
  }
  return "it does not fit";
}

/** Whether the device gives so much at once; what it gives is freed again. */
async function canAllocate(device: GPUDevice, bytes: number): Promise<boolean> {
  const most = device.limits.maxBufferSize, usage = GPUBufferUsage.STORAGE;
  const descriptors = Array.from({ length: Math.ceil(bytes / most) }, (_, i) => ({
    label: "whether it fits",
    size: Math.ceil(Math.min(most, bytes - i * most) / 4) * 4,
    usage,
  }));
  try {
    for (const buffer of await createBuffers(device, descriptors)) buffer.destroy();
    return true;
  } catch (error) {
    if (error instanceof OutOfMemoryError) return false;
    throw error;
  }
}

/** As people read it. */
export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
