/** target + (1 − tau)·(online − target): the target network's parameters after a step. */
export function ema(target: Float64Array, online: Float64Array, tau: number): Float64Array {
  return target.map((t, i) => t + (1 - tau) * (online[i] - t));
}
