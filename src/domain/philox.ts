/**
 * Philox4x32-10, a counter-based generator (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011): the n-th number of a stream is a pure function of key and counter, so that what an image's
 * augmentation draws does not depend on which batch or step it falls in.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): Uint32Array<ArrayBuffer> {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const p0 = mulHiLo(0xd2511f53, c0 >>> 0), p1 = mulHiLo(0xcd9e8d57, c2 >>> 0);
    [c0, c1, c2, c3] = [p1.hi ^ c1 ^ k0, p1.lo, p0.hi ^ c3 ^ k1, p0.lo];
    k0 = (k0 + 0x9e3779b9) | 0;
    k1 = (k1 + 0xbb67ae85) | 0;
  }
  return Uint32Array.of(c0, c1, c2, c3);
}

/** The 64-bit product of two unsigned 32-bit integers, in halves, without BigInt (an augmentation draws thousands). */
function mulHiLo(a: number, b: number): { hi: number; lo: number } {
  const aLow = a & 0xffff, aHigh = a >>> 16, bLow = b & 0xffff, bHigh = b >>> 16;
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const hi = aHigh * bHigh + Math.floor((aLow * bHigh + middle) / 65536);
  return { hi: hi | 0, lo: Math.imul(a, b) };
}

/** Named uses of one seed; each is a stream of its own. */
export const STREAM = { init: 1, shuffle: 2, view1: 3, view2: 4 } as const;

/** Draws from the stream (seed, stream, a, b), one after another. `seed` is any integer in [0, 2^53). */
export class RandomStream {
  #block = new Uint32Array(4);
  #used = 4;
  #counter = 0;
  #spare: number | undefined;
  constructor(readonly seed: number, readonly stream: number, readonly a = 0, readonly b = 0) {}

  /** A uniform 32-bit integer. */
  uint32(): number {
    if (this.#used === 4) {
      const high = Math.floor(this.seed / 2 ** 32) >>> 0;
      this.#block = philox4x32([this.#counter++, this.a, this.b, this.stream], [this.seed >>> 0, high]);
      this.#used = 0;
    }
    return this.#block[this.#used++] >>> 0;
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
