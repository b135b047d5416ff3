/** Whole numbers from a fixed seed, each below `limit` (xorshift32): a failure is the same the next time. */
export function drawer(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/**
 * A file with wrong bytes: one to eight, one in four of them where headers are and one in four where directories and
 * footers are; every fifth breaks off besides.
 */
export function damage(file: Uint8Array, draw: (limit: number) => number): Uint8Array<ArrayBuffer> {
  const HEAD = 64, FOOT = 300, bytes = file.slice() as Uint8Array<ArrayBuffer>, { length } = bytes;
  for (let n = 1 + draw(8); n > 0; n--) {
    const where = draw(4), span = Math.min(length, where === 0 ? HEAD : where === 1 ? FOOT : length);
    const from = where === 1 ? length - span : 0;
    bytes[from + draw(span)] = draw(2) ? draw(256) : 255 * draw(2);
  }
  return draw(5) ? bytes : bytes.slice(0, draw(length));
}
