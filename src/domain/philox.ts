/**
 * Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011): the n-th number of a stream is a pure function of key and counter, so that what an image's
 * augmentation draws does not depend on which batch or step it falls in.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array<ArrayBuffer> {
  const block = Uint32Array.from(counter);
  encipher(block, key[0], key[1]);
  return block;
}

/**
 * Ten rounds over a counter, in place. The high halves of its 64-bit products are put together from 16-bit ones, without
 * BigInt and without an object to a product: an augmentation draws thousands.
 */
function encipher(block: Uint32Array, k0: number, k1: number): void {
  let c0 = block[0] | 0, c1 = block[1] | 0, c2 = block[2] | 0, c3 = block[3] | 0;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(c0, 0xd251, 0x1f53), high2 = mulHigh(c2, 0xcd9e, 0x8d57);
    const low0 = Math.imul(c0, 0xd2511f53), low2 = Math.imul(c2, 0xcd9e8d57);
    c0 = high2 ^ c1 ^ k0;
    c1 = low2;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  block[0] = c0;
  block[1] = c1;
  block[2] = c2;
  block[3] = c3;
}

/** The upper 32 bits of the product of two unsigned 32-bit integers, the second in halves. */
function mulHigh(a: number, bHigh: number, bLow: number): number {
  const aLow = a & 0xffff, aHigh = a >>> 16;
  const low = Math.imul(aLow, bLow) >>> 16;
  const middle = (Math.imul(aHigh, bLow) >>> 0) + low; // below 2^32
  const other = (Math.imul(aLow, bHigh) >>> 0) + (middle & 0xffff); // likewise
  return (Math.imul(aHigh, bHigh) + (middle >>> 16) + (other >>> 16)) | 0;
}

/** Named uses of one seed; each is a stream of its own. */
export const STREAM = { init: 1, shuffle: 2, view1: 3, view2: 4, labels: 5, heldOut: 6 } as const;

/** Draws from the stream (seed, stream, a, b), one after another. `seed` is any integer in [0, 2^53). */
export class RandomStream {
  readonly #block = new Uint32Array(4);
  #used = 4;
  #counter = 0;
  #spare: number | undefined;
  constructor(readonly seed: number, readonly stream: number, readonly a = 0, readonly b = 0) {}

  /** A uniform 32-bit integer. */
  uint32(): number {
    if (this.#used === 4) {
      const high = Math.floor(this.seed / 2 ** 32) >>> 0;
      this.#block[0] = this.#counter++;
      this.#block[1] = this.a;
      this.#block[2] = this.b;
      this.#block[3] = this.stream;
      encipher(this.#block, this.seed >>> 0, high);
      this.#used = 0;
    }
    return this.#block[this.#used++];
  }
  /** Uniform in [low, high), with 32 bits of resolution. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }
  /** Uniform integer in [0, bound), without modulo bias. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const x = this.uint32();
      if (x < limit) return x % bound;
    }
  }
  /** True with probability `p`. */
  bernoulli(p: number): boolean {
    return this.uniform() < p;
  }
  /** Standard normal (Box–Muller). */
  normal(): number {
    if (this.#spare !== undefined) {
      const z = this.#spare;
      this.#spare = undefined;
      return z;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform())), angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }
  /** A uniform permutation of 0 … n − 1 (Fisher–Yates). */
  permutation(n: number): Uint32Array {
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }
}
