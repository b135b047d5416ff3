/** One BYOL step of a CIFAR ResNet in tfjs: the same net, batch, loss, LARS and moving average as ours. */
import * as tf from "@tensorflow/tfjs";
import type { StepCase } from "./cases.ts";

type Weights = Map<string, tf.Variable>;
const RATE = 0.1, DECAY = 1.5e-6, MOMENTUM = 0.9, TRUST = 1e-3, TAU = 0.99, WIDTHS = [16, 32, 64];

/** @returns A function that queues one step and returns its loss. */
export function tfjsByolStep({ px, batch, hidden, out }: StepCase): () => tf.Scalar {
  const online: Weights = new Map(), target: Weights = new Map();
  for (const weights of [online, target]) {
    addEncoder(weights);
    addHead(weights, "projector", 64, hidden, out);
  }
  addHead(online, "predictor", out, hidden, out);
  const momentum = new Map([...online].map(([name, v]) => [name, tf.variable(tf.zerosLike(v), false)]));
  const [view1, view2] = [0, 1].map(() => tf.randomNormal<tf.Rank.R4>([batch, px, px, 3]));
  const variables = [...online.values()];

  return () =>
    tf.tidy(() => {
      const project = (weights: Weights, x: tf.Tensor4D) => head(weights, "projector", encode(weights, x));
      const [z1, z2] = [view1, view2].map((view) => project(target, view));
      const { value, grads } = tf.variableGrads(() => {
        const [p1, p2] = [view1, view2].map((view) => head(online, "predictor", project(online, view)));
        return tf.mean(tf.add(distance(p1, z2), distance(p2, z1))) as tf.Scalar;
      }, variables);
      for (const [name, weight] of online) {
        const m = momentum.get(name)!;
        m.assign(
          tf.add(
            tf.mul(m, MOMENTUM),
            weight.rank === 1 ? grads[weight.name] : adapted(weight, grads[weight.name]),
          ),
        );
        weight.assign(tf.sub(weight, tf.mul(m, RATE)));
        target.get(name)?.assign(tf.add(tf.mul(target.get(name)!, TAU), tf.mul(weight, 1 - TAU)));
      }
      return value;
    });
}

function adapted(weight: tf.Tensor, gradient: tf.Tensor): tf.Tensor {
  const decayed = tf.add(gradient, tf.mul(weight, DECAY));
  return tf.mul(decayed, tf.div(tf.mul(tf.norm(weight), TRUST), tf.norm(decayed)));
}

const unit = (x: tf.Tensor): tf.Tensor =>
  tf.mul(x, tf.rsqrt(tf.maximum(tf.sum(tf.square(x), 1, true), 1e-12)));
const distance = (p: tf.Tensor, z: tf.Tensor): tf.Tensor => tf.sum(tf.square(tf.sub(unit(p), unit(z))), 1);

function add(weights: Weights, name: string, shape: number[], std?: number): void {
  const initial = std === undefined
    ? tf.zeros(shape)
    : std === 0
    ? tf.ones(shape)
    : tf.randomNormal(shape, 0, std);
  weights.set(name, tf.variable(initial, true));
}
function addNorm(weights: Weights, name: string, channels: number): void {
  add(weights, `${name}.gamma`, [channels], 0);
  add(weights, `${name}.beta`, [channels]);
}
function addConv(weights: Weights, name: string, size: number, from: number, to: number): void {
  add(weights, `${name}.weight`, [size, size, from, to], Math.sqrt(2 / (size * size * to)));
  addNorm(weights, name, to);
}
function addHead(weights: Weights, name: string, from: number, hidden: number, out: number): void {
  add(weights, `${name}.0.weight`, [from, hidden], 1 / Math.sqrt(from));
  add(weights, `${name}.0.bias`, [hidden]);
  addNorm(weights, `${name}.1`, hidden);
  add(weights, `${name}.3.weight`, [hidden, out], 1 / Math.sqrt(hidden));
}
function addEncoder(weights: Weights): void {
  addConv(weights, "stem", 3, 3, WIDTHS[0]);
  for (const [g, width] of WIDTHS.entries()) {
    const from = WIDTHS[Math.max(0, g - 1)];
    addConv(weights, `${g}.first`, 3, from, width);
    addConv(weights, `${g}.second`, 3, width, width);
    if (from !== width) addConv(weights, `${g}.shortcut`, 1, from, width);
  }
}

/** BatchNorm by the batch's statistics; the running ones, which nobody reads here, are left out: in tfjs's favour. */
function norm(weights: Weights, name: string, x: tf.Tensor): tf.Tensor {
  const { mean, variance } = tf.moments(x, x.shape.slice(0, -1).map((_, axis) => axis));
  const scale = tf.mul(weights.get(`${name}.gamma`)!, tf.rsqrt(tf.add(variance, 1e-5)));
  return tf.add(tf.mul(tf.sub(x, mean), scale), weights.get(`${name}.beta`)!);
}
function layer(weights: Weights, name: string, x: tf.Tensor4D, stride: number): tf.Tensor4D {
  const weight = weights.get(`${name}.weight`) as unknown as tf.Tensor4D, pad = weight.shape[0] >> 1;
  return norm(weights, name, tf.conv2d(x, weight, stride, pad)) as tf.Tensor4D;
}
function encode(weights: Weights, x: tf.Tensor4D): tf.Tensor2D {
  let y = tf.relu(layer(weights, "stem", x, 1));
  for (const g of WIDTHS.keys()) {
    const stride = g === 0 ? 1 : 2;
    const first = tf.relu(layer(weights, `${g}.first`, y, stride));
    const shortcut = g === 0 ? y : layer(weights, `${g}.shortcut`, y, stride);
    y = tf.relu(tf.add(layer(weights, `${g}.second`, first, 1), shortcut));
  }
  return tf.mean(y, [1, 2]);
}
function head(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const [w0, bias, w3] = ["0.weight", "0.bias", "3.weight"].map((part) => weights.get(`${name}.${part}`)!);
  const h = tf.relu(norm(weights, `${name}.1`, tf.add(tf.matMul(x, w0 as unknown as tf.Tensor2D), bias)));
  return tf.matMul(h as tf.Tensor2D, w3 as unknown as tf.Tensor2D);
}
