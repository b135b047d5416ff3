import type { Grouping } from "./looks.ts";

/** How a point is drawn, by what its state says. */
export const HIDDEN = 0, DIM = 1, PLAIN = 2, CHOSEN = 3;

/**
 * How each point is drawn: not at all where its group is hidden or it has no place yet, and where some are chosen the others
 * dimly.
 */
export function statesOf(
  positions: Float32Array,
  { of }: Grouping,
  hidden: ReadonlySet<number>,
  chosen: readonly number[] | undefined,
): Uint8Array<ArrayBuffer> {
  const states = new Uint8Array(of.length).fill(chosen ? DIM : PLAIN);
  for (const n of chosen ?? []) states[n] = CHOSEN;
  for (let n = 0; n < of.length; n++) {
    if (hidden.has(of[n]) || Number.isNaN(positions[2 * n])) states[n] = HIDDEN;
  }
  return states;
}

/** All numbers below `count`, those of a class far apart: whichever is drawn last would seem to be all there is. */
export function mixedOrder(count: number): Uint32Array<ArrayBuffer> {
  let step = Math.max(1, Math.floor(0.618034 * count));
  const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);
  while (divisor(step, count) > 1) step++;
  return Uint32Array.from({ length: count }, (_, i) => (i * step) % count);
}
