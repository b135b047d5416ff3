import { DomainError } from "../domain/errors.ts";
import { largestActivation, type ResNetSpec } from "../nn/resnet_architecture.ts";

/** Batch sizes that plans are made for; images are cut into them as `cutIntoBatches` says. */
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128] as const;
/** The share of a batch's rows that must be images for it to be worth its work: less, and smaller ones do. */
const WORTH_FILLING = 3 / 4;
/** What an activation of a batch may take where the device would bind more: a GPU is busy by then, and its memory finite. */
const ENOUGH_BYTES = 128 * 2 ** 20;

/**
 * The batch sizes whose largest activation a device can bind.
 *
 * @param limit Bytes of a binding.
 * @throws {DomainError} `invalid`, type `model_too_large`, if a single image's does not fit.
 */
export function batchesThatFit(spec: ResNetSpec, px: number, limit: number): number[] {
  const bytes = 4 * largestActivation(spec, px);
  if (bytes > limit) {
    throw new DomainError(
      "invalid",
      `Cannot embed images of ${px} px: the GPU binds at most ${limit} bytes, and a layer makes ${bytes} of one`,
      { type: "model_too_large" },
    );
  }
  return BATCHES.filter((batch) => batch === 1 || batch * bytes <= Math.min(limit, ENOUGH_BYTES));
}

/**
 * What `cutIntoBatches` makes, in rounds that are waited for once: a plan that has run must be read before it runs again, so
 * the sizes of a round differ.
 */
export function roundsOf(images: number, sizes: readonly number[]): number[][] {
  const rounds: number[][] = [];
  for (const batch of cutIntoBatches(images, sizes)) {
    const round = rounds.at(-1);
    if (round && !round.includes(batch)) round.push(batch);
    else rounds.push([batch]);
  }
  return rounds;
}

/**
 * Cuts images into batches of the sizes that there are: the largest ones first, and what is left over into a larger one
 * that it nearly fills, or else into smaller ones. What a batch costs grows with its rows, whether they are images or not.
 *
 * @param sizes Ascending.
 */
export function cutIntoBatches(images: number, sizes: readonly number[]): number[] {
  const batches: number[] = [];
  for (let left = images; left > 0;) {
    const larger = sizes.find((size) => size >= left), smaller = sizes.findLast((size) => size <= left);
    const size = larger && (!smaller || left >= WORTH_FILLING * larger) ? larger : smaller!;
    batches.push(size);
    left -= size;
  }
  return batches;
}
