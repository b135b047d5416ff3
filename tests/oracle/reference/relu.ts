export function relu(x: Float64Array): Float64Array {
  return x.map((v) => Math.max(v, 0));
}

/** @param y The rectified output: the gradient passes where it is above zero. */
export function reluBackward(y: Float64Array, dy: Float64Array): Float64Array {
  return dy.map((d, i) => y[i] > 0 ? d : 0);
}
