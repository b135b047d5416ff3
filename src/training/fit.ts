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
  return refusalOf(fit, await largestFit(device, fit, fit.batch - 1));
}

/** As `refuse`'s, where the largest that fits is known; undefined if none does. */
export function refusalOf(fit: Fit, least: number | undefined): DomainError {
  const { batch, budget, field = "batch" } = fit, taken = tryBytes(fit, batch);
  const needs = taken === undefined ? bindingReason(fit) : `it takes ${mebibytes(taken)} of the GPU's memory`;
  const has = taken === undefined || budget === undefined
    ? ""
    : `, of which ${mebibytes(budget)} may be taken`;
  const detail = least === undefined
    ? `${needs}${has}; no batch fits`
    : `${needs}${has}; the largest ${field} that fits is ${least}`;
  return new DomainError("invalid", `Cannot train with ${field} ${batch}: ${detail}`, {
    type: "does_not_fit",
    errors: [{ pointer: `#/config/${field}`, detail }],
  });
}

/**
 * The largest batch, up to `most`, that fits. A run's memory grows almost straight with its batch, so what is between two
 * known sizes is guessed by a line: a guess costs a recording, and a search by halves alone a dozen of them.
 *
 * @returns Undefined if none does.
 */
export async function largestFit(device: GPUDevice, fit: Fit, most: number): Promise<number | undefined> {
  const { budget } = fit;
  const fits = async (bytes: number | undefined) =>
    bytes !== undefined && (budget === undefined ? await canAllocate(device, bytes) : bytes <= budget);
  if (most < LEAST_BATCH) return undefined;
  let low = { size: LEAST_BATCH, bytes: tryBytes(fit, LEAST_BATCH) };
  if (!await fits(low.bytes)) return undefined;
  let high = { size: most, bytes: tryBytes(fit, most) };
  if (await fits(high.bytes)) return most;
  for (let guesses = 0; high.size - low.size > 1; guesses++) {
    const size = guessBetween(low, high, guesses % 3 < 2 ? budget : undefined), bytes = tryBytes(fit, size);
    if (await fits(bytes)) low = { size, bytes };
    else high = { size, bytes };
  }
  return low.size;
}

/** By a line, where both sizes' bytes are known; else the middle. */
function guessBetween(
  low: { size: number; bytes?: number },
  high: { size: number; bytes?: number },
  budget: number | undefined,
): number {
  const middle = (low.size + high.size) >> 1;
  if (budget === undefined || low.bytes === undefined || high.bytes === undefined) return middle;
  const share = (budget - low.bytes) / (high.bytes - low.bytes);
  const guess = Math.floor(low.size + share * (high.size - low.size));
  return Number.isFinite(guess) ? Math.min(high.size - 1, Math.max(low.size + 1, guess)) : middle;
}

/** Undefined where the device cannot bind what it would make. */
export function tryBytes({ bytesAt }: Fit, batch: number): number | undefined {
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
