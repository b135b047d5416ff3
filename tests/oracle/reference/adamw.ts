export interface AdamWRates {
  learningRate: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}
export interface AdamWTensor {
  weight: Float64Array;
  mean: Float64Array;
  square: Float64Array;
}

/** One tensor's update `t` (from 1), as arXiv 1711.05101 and torch.optim.AdamW write it; `excluded` skips the decay. */
export function adamWUpdate(
  { weight, mean, square }: AdamWTensor,
  gradient: Float64Array,
  t: number,
  { learningRate: lr, weightDecay, beta1, beta2, epsilon }: AdamWRates,
  excluded: boolean,
): AdamWTensor {
  const m = mean.map((v, i) => beta1 * v + (1 - beta1) * gradient[i]);
  const v = square.map((s, i) => beta2 * s + (1 - beta2) * gradient[i] ** 2);
  const decayed = weight.map((w) => w * (1 - (excluded ? 0 : lr * weightDecay)));
  return {
    weight: decayed.map((w, i) =>
      w - lr * (m[i] / (1 - beta1 ** t)) / (Math.sqrt(v[i] / (1 - beta2 ** t)) + epsilon)
    ),
    mean: m,
    square: v,
  };
}
