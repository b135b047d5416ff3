import { oihwToKrsc } from "../../src/nn/network.ts";
import type { Values } from "./oracle.ts";

// Weights and images that tests/golden/make_networks.py draws too, so that 100 MB of them need not be kept.

/** What β is off zero by, as make_networks.py has it. */
export const SHIFT = 2.5;

/** lowbias32 (nullprogram.com/blog/2018/07/31), a bijection of 32-bit integers. */
function mix(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
  return (x ^ (x >>> 16)) >>> 0;
}

/** The first `count` 32-bit words of a name's stream: `mix(mix(i) ^ FNV-1a("<seed>/<name>"))`. */
export function words(seed: number, name: string, count: number): Uint32Array<ArrayBuffer> {
  let stream = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${seed}/${name}`)) {
    stream = Math.imul(stream ^ byte, 0x01000193);
  }
  const out = new Uint32Array(count);
  for (let i = 0; i < count; i++) out[i] = mix(mix(i) ^ stream);
  return out;
}

/** Multiples of 2⁻²³ in [−1, 1), each made another number and rounded to f32. */
function uniform(
  seed: number,
  name: string,
  shape: readonly number[],
  map: (u: number, i: number) => number,
): Float32Array<ArrayBuffer> {
  const bits = words(seed, name, shape.reduce((a, b) => a * b, 1)), out = new Float32Array(bits.length);
  for (let i = 0; i < out.length; i++) out[i] = map((bits[i] >>> 8) / 2 ** 23 - 1, i);
  return out;
}

/** Uniform noise of variance 1, in the order of `shape`. */
export const hashedNoise = (seed: number, name: string, shape: readonly number[]): Values => ({
  shape,
  data: Float64Array.from(uniform(seed, name, shape, (u) => u * Math.sqrt(3))),
});

/**
 * One of an encoder's tensors, by its name in files: convolutions of variance 1/fan_in, everything of a norm off 0 and 1.
 *
 * @param krsc The shape on the GPU; the values are drawn in a file's order, OIHW, and returned in this one.
 * @param shift What holds a channel open (+) or shut (−): a norm's β is it and 0.2 of noise, of one sign for a channel in
 *   all of a group, so that rectifiers' inputs keep clear of zero.
 */
export function hashedParameter(
  seed: number,
  name: string,
  krsc: readonly number[],
  shift: number,
): Float32Array<ArrayBuffer> {
  if (krsc.length === 4) {
    const [K, R, S, C] = krsc, scale = Math.sqrt(3 / (C * R * S));
    return oihwToKrsc(uniform(seed, name, [K, C, R, S], (u) => u * scale), krsc);
  }
  if (name.endsWith("running_mean")) return uniform(seed, name, krsc, (u) => 0.3 * u);
  if (name.endsWith("running_var")) return uniform(seed, name, krsc, (u) => 1 + 0.5 * u);
  if (name.endsWith("weight")) return uniform(seed, name, krsc, (u) => 1 + 0.3 * u);
  const signs = words(seed, `sign.${name.split(".")[0]}`, krsc[0]);
  return uniform(seed, name, krsc, (u, i) => shift * (1 - 2 * (signs[i] >>> 31)) + 0.2 * u);
}

/** Sums that a sketch is made of: one for each bit of a word. */
export const SKETCHES = 32;

/** The norm of x, then sums of its elements under signs: bit j of an element's word is set where sum j takes it away. */
export function sketch(seed: number, name: string, x: ArrayLike<number>): Float64Array {
  const bits = words(seed, `sketch.${name}`, x.length), out = new Float64Array(1 + SKETCHES);
  for (let i = 0; i < x.length; i++) {
    const word = bits[i], value = x[i];
    out[0] += value * value;
    for (let j = 0; j < SKETCHES; j++) out[1 + j] += (word >>> j) & 1 ? -value : value;
  }
  out[0] = Math.sqrt(out[0]);
  return out;
}
