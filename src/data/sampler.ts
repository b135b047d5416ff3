import { RandomStream, STREAM } from "../domain/philox.ts";

/** The order in which an epoch visits `items`: a permutation that depends on seed and epoch alone. */
export function epochOrder(seed: number, epoch: number, items: Uint32Array): Uint32Array {
  return new RandomStream(seed, STREAM.shuffle, epoch).permutation(items.length).map((i) => items[i]);
}
