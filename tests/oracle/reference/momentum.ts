export interface UpdateRates {
  learningRate: number;
  weightDecay: number;
  momentum: number;
  trustCoefficient: number;
}
export interface Updated {
  weight: Float64Array;
  momentum: Float64Array;
}

const norm = (v: Float64Array): number => Math.sqrt(v.reduce((sum, a) => sum + a * a, 0));

/** One tensor's update by SGD: g ← g + λw; m ← μm + g; w ← w − lr·m. `excluded` (norms, biases) skips the decay. */
export function sgdUpdate(
  weight: Float64Array,
  gradient: Float64Array,
  momentum: Float64Array,
  rates: UpdateRates,
  excluded: boolean,
): Updated {
  return update(weight, decayed(weight, gradient, rates, excluded), momentum, rates);
}

/**
 * One tensor's update by LARS: as SGD's, but between decay and momentum g ← g · η‖w‖/‖g‖, g with its decay; the
 * ratio is 1 where a norm is 0. `excluded` skips decay and ratio.
 */
export function larsUpdate(
  weight: Float64Array,
  gradient: Float64Array,
  momentum: Float64Array,
  rates: UpdateRates,
  excluded: boolean,
): Updated {
  const g = decayed(weight, gradient, rates, excluded), weightNorm = norm(weight), gradientNorm = norm(g);
  const adapted = !excluded && weightNorm > 0 && gradientNorm > 0;
  const ratio = adapted ? rates.trustCoefficient * weightNorm / gradientNorm : 1;
  return update(weight, g.map((v) => v * ratio), momentum, rates);
}

function decayed(
  weight: Float64Array,
  gradient: Float64Array,
  { weightDecay }: UpdateRates,
  excluded: boolean,
): Float64Array {
  return excluded ? gradient : gradient.map((g, i) => g + weightDecay * weight[i]);
}

function update(weight: Float64Array, g: Float64Array, momentum: Float64Array, rates: UpdateRates): Updated {
  const m = momentum.map((v, i) => rates.momentum * v + g[i]);
  return { weight: weight.map((w, i) => w - rates.learningRate * m[i]), momentum: m };
}
