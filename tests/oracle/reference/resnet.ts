import { batchNorm, batchNormBackward, batchNormFrozen } from "./batch_norm.ts";
import { conv2d, conv2dBackward, conv2dOutput } from "./conv2d.ts";
import { globalAveragePool, globalAveragePoolBackward } from "./global_average_pool.ts";
import { maxPool, maxPoolBackward } from "./max_pool.ts";
import { relu, reluBackward } from "./relu.ts";

/** A ResNet as torchvision builds it; `widths` are the planes of each layer. */
export interface ReferenceResNet {
  stem: "imagenet" | "cifar";
  block: "basic" | "bottleneck";
  blocks: readonly number[];
  widths: readonly number[];
}
type Values = ReadonlyMap<string, Float64Array>;
/** An activation `[N, H, W, C]` and, once a tape is run back, its gradient. */
interface Activation {
  shape: readonly [N: number, H: number, W: number, C: number];
  data: Float64Array;
  grad: Float64Array;
}

/**
 * A whole encoder in float64, written from torchvision's resnet.py over the other references here.
 *
 * @param values Parameters and running statistics by torchvision's names; convolutions KRSC.
 * @param groups Sets of batch statistics; undefined for the running ones, after which there is no way back.
 * @returns `margin`, how near a rectifier's input comes to zero or a pool's window to having another maximum: two correct
 *   programs may differ by much where their roundings exceed it. `statistics`, the running ones after the batch.
 */
export function referenceResNet(
  { stem, block, blocks, widths }: ReferenceResNet,
  values: Values,
  images: { shape: readonly number[]; data: Float64Array },
  groups?: number,
): {
  y: Float64Array;
  margin: number;
  statistics: Values;
  backward: (dy: Float64Array) => Values;
} {
  const tape: (() => void)[] = [], gradients = new Map<string, Float64Array>(), statistics = new Map();
  let margin = Infinity;
  const activation = (shape: Activation["shape"], data: Float64Array): Activation => (
    { shape, data, grad: new Float64Array(data.length) }
  );
  const addTo = (sum: Float64Array, more: Float64Array) => more.forEach((v, i) => sum[i] += v);

  const conv = (name: string, x: Activation, outputs: number, window: number, stride = 1): Activation => {
    const [N, H, W, C] = x.shape, weight = values.get(`${name}.weight`)!;
    const shape = { N, H, W, C, K: outputs, R: window, S: window, stride, pad: (window - 1) / 2 };
    const { P, Q } = conv2dOutput(shape), y = activation([N, P, Q, outputs], conv2d(shape, x.data, weight));
    tape.push(() => {
      const { dx, dWeight } = conv2dBackward(shape, x.data, weight, y.grad);
      addTo(x.grad, dx);
      gradients.set(`${name}.weight`, dWeight);
    });
    return y;
  };
  const norm = (name: string, x: Activation): Activation => {
    const C = x.shape[3], rows = x.data.length / C;
    const [gamma, beta, runningMean, runningVar] = ["weight", "bias", "running_mean", "running_var"].map((
      of,
    ) => values.get(`${name}.${of}`)!);
    const parameters = { gamma, beta, runningMean, runningVar };
    if (!groups) return activation(x.shape, batchNormFrozen({ rows, C }, x.data, parameters));
    const shape = { groups, rows: rows / groups, C }, after = batchNorm(shape, x.data, parameters);
    statistics.set(`${name}.running_mean`, after.runningMean).set(`${name}.running_var`, after.runningVar);
    const y = activation(x.shape, after.y);
    tape.push(() => {
      const { dx, dGamma, dBeta } = batchNormBackward(shape, x.data, { gamma, ...after }, y.grad);
      addTo(x.grad, dx);
      gradients.set(`${name}.weight`, dGamma).set(`${name}.bias`, dBeta);
    });
    return y;
  };
  const rectified = (x: Activation): Activation => {
    const y = activation(x.shape, relu(x.data));
    for (const v of x.data) margin = Math.min(margin, Math.abs(v));
    tape.push(() => addTo(x.grad, reluBackward(y.data, y.grad)));
    return y;
  };
  const sum = (a: Activation, b: Activation): Activation => {
    const y = activation(a.shape, a.data.map((v, i) => v + b.data[i]));
    tape.push(() => [a, b].forEach(({ grad }) => addTo(grad, y.grad)));
    return y;
  };
  const pooled = (x: Activation): Activation => {
    const [N, H, W, C] = x.shape, shape = { N, H, W, C, window: 3, stride: 2, padding: 1 };
    const { P, Q, y: data, winner } = maxPool(shape, x.data), y = activation([N, P, Q, C], data);
    const seconds = x.data.slice();
    // Only where the winner is open: the gradient of a window of zeros ends at the rectifier before it.
    for (const at of winner) if (x.data[at] > 0) seconds[at] = -Infinity;
    const second = maxPool(shape, seconds).y;
    data.forEach((v, i) => {
      if (v > 0 && second[i] > 0) margin = Math.min(margin, v - second[i]);
    });
    tape.push(() => addTo(x.grad, maxPoolBackward(shape, winner, y.grad)));
    return y;
  };

  const [N, H, W] = images.shape;
  let x = activation([N, H, W, 3], images.data);
  x = rectified(
    norm("bn1", stem === "imagenet" ? conv("conv1", x, widths[0], 7, 2) : conv("conv1", x, widths[0], 3)),
  );
  if (stem === "imagenet") x = pooled(x);
  for (const [g, planes] of widths.entries()) {
    for (let b = 0; b < blocks[g]; b++) {
      const name = `layer${g + 1}.${b}`, stride = g > 0 && b === 0 ? 2 : 1;
      const outputs = block === "basic" ? planes : 4 * planes, input = x;
      if (block === "basic") {
        x = rectified(norm(`${name}.bn1`, conv(`${name}.conv1`, x, planes, 3, stride)));
        x = norm(`${name}.bn2`, conv(`${name}.conv2`, x, planes, 3));
      } else {
        x = rectified(norm(`${name}.bn1`, conv(`${name}.conv1`, x, planes, 1)));
        x = rectified(norm(`${name}.bn2`, conv(`${name}.conv2`, x, planes, 3, stride)));
        x = norm(`${name}.bn3`, conv(`${name}.conv3`, x, outputs, 1));
      }
      const identity = stride !== 1 || input.shape[3] !== outputs
        ? norm(`${name}.downsample.1`, conv(`${name}.downsample.0`, input, outputs, 1, stride))
        : input;
      x = rectified(sum(x, identity));
    }
  }
  const features = x, [, P, Q, C] = features.shape, shape = { N, pixels: P * Q, C };
  return {
    y: globalAveragePool(shape, features.data),
    margin,
    statistics,
    backward(dy) {
      features.grad.set(globalAveragePoolBackward(shape, dy));
      for (const back of tape.toReversed()) back();
      return gradients;
    },
  };
}
