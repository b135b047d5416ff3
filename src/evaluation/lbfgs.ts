/** Of the decrease that the slope promises, what a step must give; and how much flatter it must be there (weak Wolfe). */
const SUFFICIENT = 1e-4, FLATTER = 0.9;
/** Of a value: what it may be off by, being a sum of many. */
const ROUNDING = 1e-14;
/** Points that a line search tries: then nothing is lower than where it began, as far as float64 tells. */
const MAX_TRIALS = 40;

/** A smooth function of `x`, which writes its gradient at x. @returns Its value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface LbfgsOptions {
  /** It has converged when no entry of the gradient is larger. */
  tolerance: number;
  maxIterations: number;
  /** Steps whose curvature is remembered. */
  memory?: number;
  /** About the inverse of the Hessian's diagonal, positive: what the first step, and what is not remembered, is scaled by. */
  scale?: Float64Array;
}
export interface Minimum {
  x: Float64Array;
  value: number;
  /** The largest entry of the gradient at x. */
  gradient: number;
  iterations: number;
  /** Whether `gradient` has come down to the tolerance; it has not where iterations, or float64's digits, ran out before. */
  converged: boolean;
}

/**
 * Minimises a smooth function by limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5), with a
 * line search for the weak Wolfe conditions by bisection (Lewis and Overton, algorithm 4.6). In float64; the same input
 * gives the same bits.
 *
 * @param start Where to begin; left as it is.
 * @throws {RangeError} If the function is not finite where it begins.
 */
export function minimize(objective: Objective, start: Float64Array, options: LbfgsOptions): Minimum {
  const { tolerance, maxIterations, memory = 10, scale } = options, n = start.length;
  let x: Float64Array = start.slice(), gradient: Float64Array = new Float64Array(n);
  let value = objective(x, gradient);
  if (!Number.isFinite(value)) {
    throw new RangeError(`Cannot minimise: the value must be finite, got ${value}`);
  }
  const pairs: Pair[] = [];
  let iterations = 0;
  while (iterations < maxIterations && largest(gradient) > tolerance) {
    const direction = descent(gradient, pairs, scale);
    const found = search(objective, { x, gradient, value }, direction);
    if (!found) {
      if (pairs.length === 0) break;
      pairs.length = 0; // what was remembered has led astray: once more, by the gradient alone
      continue;
    }
    iterations++;
    const step = difference(found.x, x), change = difference(found.gradient, gradient);
    const curvature = dot(step, change);
    if (curvature > Number.EPSILON * dot(change, change)) {
      pairs.push({ step, change, curvature, stretch: stretchOf(step, change, curvature, scale) });
      if (pairs.length > memory) pairs.shift();
    }
    ({ x, gradient, value } = found);
  }
  const slope = largest(gradient);
  return { x, value, gradient: slope, iterations, converged: slope <= tolerance };
}

interface Pair {
  step: Float64Array;
  change: Float64Array;
  curvature: number;
  /** What the scale is multiplied by to be of this step's curvature. */
  stretch: number;
}
interface Point {
  x: Float64Array;
  gradient: Float64Array;
  value: number;
}

/** −H·gradient, H the inverse Hessian that the pairs tell of: the two loops. */
function descent(gradient: Float64Array, pairs: readonly Pair[], scale: Float64Array | undefined) {
  const direction = gradient.map((g) => -g), shares: number[] = [];
  for (const { step, change, curvature } of pairs.toReversed()) {
    const share = dot(step, direction) / curvature;
    shares.push(share);
    addScaled(direction, change, -share);
  }
  const stretch = pairs.at(-1)?.stretch ?? 1;
  for (let i = 0; i < direction.length; i++) direction[i] *= stretch * (scale ? scale[i] : 1);
  for (const { step, change, curvature } of pairs) {
    addScaled(direction, step, shares.pop()! - dot(change, direction) / curvature);
  }
  return direction;
}

function stretchOf(
  step: Float64Array,
  change: Float64Array,
  curvature: number,
  scale?: Float64Array,
): number {
  if (!scale) return curvature / dot(change, change);
  let scaled = 0;
  for (let i = 0; i < step.length; i++) scaled += change[i] * scale[i] * change[i];
  return curvature / scaled;
}

/** A lower point along `direction`; undefined if there is none. */
function search(objective: Objective, from: Point, direction: Float64Array): Point | undefined {
  const slope = dot(from.gradient, direction);
  if (!(slope < 0)) return undefined;
  let low = 0, high = Infinity, length = 1, best: Point | undefined;
  for (let trial = 0; trial < MAX_TRIALS; trial++) {
    const x = from.x.slice(), gradient = new Float64Array(x.length);
    addScaled(x, direction, length);
    const value = objective(x, gradient);
    const slopeThere = dot(gradient, direction);
    // Where values differ by rounding alone, slopes still tell (Hager and Zhang, SIAM J. Optim. 16, 2005, eq. 4.1).
    const level = value <= from.value + ROUNDING * Math.abs(from.value) &&
      slopeThere <= (2 * SUFFICIENT - 1) * slope;
    if (!level && !(value <= from.value + SUFFICIENT * length * slope)) high = length; // not a number, too
    else {
      if (value < (best?.value ?? from.value)) best = { x, gradient, value };
      if (slopeThere >= FLATTER * slope) return { x, gradient, value };
      low = length;
    }
    length = high === Infinity ? 2 * low : (low + high) / 2;
  }
  return best;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
function addScaled(to: Float64Array, what: Float64Array, by: number): void {
  for (let i = 0; i < to.length; i++) to[i] += by * what[i];
}
const difference = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]);
const largest = (a: Float64Array): number => a.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
