/** Sizes of a linear layer: x `[N, inputs]`, weight `[outputs, inputs]`, y `[N, outputs]`. */
export interface LinearShape {
  N: number;
  inputs: number;
  outputs: number;
}

/** @returns y = x·weightᵀ + bias. */
export function linear(
  { N, inputs, outputs }: LinearShape,
  x: Float64Array,
  weight: Float64Array,
  bias?: Float64Array,
): Float64Array {
  const y = new Float64Array(N * outputs);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < outputs; o++) {
      let sum = bias ? bias[o] : 0;
      for (let i = 0; i < inputs; i++) sum += x[n * inputs + i] * weight[o * inputs + i];
      y[n * outputs + o] = sum;
    }
  }
  return y;
}

/** @returns dx, dWeight and dBias, from zero. */
export function linearBackward(
  { N, inputs, outputs }: LinearShape,
  x: Float64Array,
  weight: Float64Array,
  dy: Float64Array,
): { dx: Float64Array; dWeight: Float64Array; dBias: Float64Array } {
  const dx = new Float64Array(x.length), dWeight = new Float64Array(weight.length);
  const dBias = new Float64Array(outputs);
  for (let n = 0; n < N; n++) {
    for (let o = 0; o < outputs; o++) {
      const d = dy[n * outputs + o];
      dBias[o] += d;
      for (let i = 0; i < inputs; i++) {
        dx[n * inputs + i] += weight[o * inputs + i] * d;
        dWeight[o * inputs + i] += x[n * inputs + i] * d;
      }
    }
  }
  return { dx, dWeight, dBias };
}
