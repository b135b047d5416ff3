/** a + b; each one's gradient is dy itself. */
export function add(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((v, i) => v + b[i]);
}

/** The gradients of a and b. */
export function addBackward(dy: Float64Array): { da: Float64Array; db: Float64Array } {
  return { da: dy.slice(), db: dy.slice() };
}
