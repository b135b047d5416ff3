import { cut } from "../gpu/parts.ts";
import type { Recorder } from "../gpu/recorder.ts";
import { BYTES, type Tensor } from "../gpu/tensor.ts";
import { recordAdd } from "./add.ts";
import {
  type BatchNormOptions,
  type BatchNormSaved,
  type FrozenNorm,
  recordBatchNormTrain,
  recordBatchNormTrainBackward,
  recordFrozenApply,
  recordFrozenNorm,
} from "./batch_norm.ts";
import { recordConv2d, recordConv2dBackward } from "./conv2d.ts";
import type { Conv2dSaved } from "./conv2d_sizes.ts";
import { recordGlobalAveragePool, recordGlobalAveragePoolBackward } from "./global_average_pool.ts";
import { type MaxPoolSaved, recordMaxPool, recordMaxPoolBackward } from "./max_pool.ts";
import { type Network, NetworkLayout } from "./network.ts";
import {
  blocksOf,
  largestActivation,
  type LayerSpec,
  type ResNetSpec,
  stemOf,
} from "./resnet_architecture.ts";

/** Adds the encoder's parameters and statistics under `prefix`, in torchvision's order and names. */
export function addResNet(layout: NetworkLayout, prefix: string, spec: ResNetSpec): void {
  const add = ({ conv, norm, inputs, outputs, window }: LayerSpec) => {
    layout.addConv2d(conv, outputs, window, window, inputs);
    layout.addBatchNorm(norm, outputs);
  };
  add(stemOf(spec, prefix).layer);
  for (const { layers, shortcut } of blocksOf(spec, prefix)) {
    for (const layer of layers) add(layer);
    if (shortcut) add(shortcut);
  }
}

/** An encoder's alone. */
export function resNetLayout(spec: ResNetSpec, prefix: string): NetworkLayout {
  const layout = new NetworkLayout();
  addResNet(layout, prefix, spec);
  return layout;
}

interface LayerSaved {
  conv: Conv2dSaved;
  norm: BatchNormSaved;
}
export interface ResNetSaved {
  spec: ResNetSpec;
  /** As ResNetTraining's. */
  frozen: number;
  /** By the convolution's name. */
  layers: Map<string, LayerSaved>;
  pool?: MaxPoolSaved;
  features: Tensor;
}

export interface ResNetTraining {
  /**
   * How much of the encoder, from its input on, is left as it is: 1 for the stem, 2 for the first group of blocks too, and
   * so on; 0 by default. What is frozen normalises by its running statistics, which stay, and gets no gradients.
   */
  frozen?: number;
  /** As BatchNormOptions'. */
  statDecay?: number;
}

/**
 * Records the encoder in training mode: batch statistics, one set for each of `groups` parts of the batch.
 *
 * @param x `[N, H, W, 3]`, normalised. Every size of at least one pixel will do: padding leaves each layer one.
 * @returns `y`, the embedding `[N, dim]`, overwritten on every replay.
 * @throws {RangeError} If x is not of that shape, or N not a multiple of `groups`.
 */
export function recordResNetTrain(
  recorder: Recorder,
  network: Network,
  prefix: string,
  spec: ResNetSpec,
  x: Tensor,
  groups: number,
  { frozen = 0, statDecay }: ResNetTraining = {},
): { y: Tensor; saved: ResNetSaved } {
  const layers = new Map<string, LayerSaved>();
  const encoded = recordForward(recorder, network, prefix, spec, x, groups, (layer, x, options, group) => {
    if (group < frozen) return recordLayerInfer(recorder, network, layer, x, options);
    const conv = recordLayerConv2d(recorder, network, layer, x, { groups }), { statistics } = conv;
    const name = label(network, layer.norm), parameters = network.batchNorm(layer.norm);
    const how = { ...options, statDecay, statistics };
    const norm = recordBatchNormTrain(recorder, name, conv.y, parameters, groups, how);
    layers.set(layer.conv, { conv: conv.saved, norm: norm.saved });
    return norm.y;
  });
  const { y, pool, features } = encoded;
  return { y, saved: { spec, frozen, layers, pool, features } };
}

/**
 * Records the encoder in inference mode, by running statistics: an image's embedding depends on nothing but itself.
 *
 * @param x `[N, H, W, 3]`, normalised. Every size of at least one pixel will do.
 * @returns The embedding `[N, dim]`, overwritten on every replay.
 * @throws {RangeError} If x is not of that shape.
 */
export function recordResNetInfer(
  recorder: Recorder,
  network: Network,
  prefix: string,
  spec: ResNetSpec,
  x: Tensor,
): Tensor {
  return recordForward(
    recorder,
    network,
    prefix,
    spec,
    x,
    1,
    (layer, x, options) => recordLayerInfer(recorder, network, layer, x, options),
  ).y;
}

function recordLayerInfer(
  recorder: Recorder,
  network: Network,
  layer: LayerSpec,
  x: Tensor,
  options: BatchNormOptions,
): Tensor {
  const name = label(network, layer.norm), parameters = network.batchNorm(layer.norm);
  const frozen = recordFrozenNorm(recorder, name, parameters, options);
  const { y, isNormed } = recordLayerConv2d(recorder, network, layer, x, { frozen });
  return isNormed ? y : recordFrozenApply(recorder, name, y, frozen);
}

/** What both modes share: the order of layers, rectifiers and sums. The stem is group 0. */
function recordForward(
  recorder: Recorder,
  network: Network,
  prefix: string,
  spec: ResNetSpec,
  x: Tensor,
  groups: number,
  recordLayer: (layer: LayerSpec, x: Tensor, options: BatchNormOptions, group: number) => Tensor,
): { y: Tensor; pool?: MaxPoolSaved; features: Tensor } {
  const stem = stemOf(spec, prefix), [, H, W] = x.shape;
  const bytesEach = BYTES[x.dtype] * largestActivation(spec, Math.max(H, W));
  const images = cut(x, groups, bytesEach, recorder.capabilities.bindingBytes);
  let y = recordLayer(stem.layer, images, { relu: true }, 0), pool: MaxPoolSaved | undefined;
  if (stem.pool) {
    ({ y, saved: pool } = recordMaxPool(recorder, label(network, `${prefix}.maxpool`), y, stem.pool));
  }
  for (const { group, layers, shortcut } of blocksOf(spec, prefix)) {
    const input = y;
    for (const layer of layers.slice(0, -1)) y = recordLayer(layer, y, { relu: true }, group);
    const residual = shortcut ? recordLayer(shortcut, input, {}, group) : input;
    y = recordLayer(layers.at(-1)!, y, { relu: true, residual }, group);
  }
  const pooled = recordGlobalAveragePool(recorder, label(network, `${prefix}.avgpool`), y);
  return { y: pooled, pool, features: y };
}

/**
 * Records the gradients of `recordResNetTrain` with respect to the encoder's parameters (accumulated into); the
 * gradient of what goes into the first layer that is not frozen, the images' own, is not made.
 *
 * @param dy `[N, dim]`.
 */
export function recordResNetBackward(
  recorder: Recorder,
  network: Network,
  prefix: string,
  { spec, frozen, layers: saved, pool, features }: ResNetSaved,
  dy: Tensor,
): void {
  const back = ({ conv, norm }: LayerSpec, dy: Gradient, { needsInput = true } = {}) => {
    const layer = saved.get(conv)!;
    const dGamma = network.gradient(`${norm}.weight`), dBeta = network.gradient(`${norm}.bias`);
    const { dx: dNorm, dResidual } = recordBatchNormTrainBackward(
      recorder,
      label(network, norm),
      layer.norm,
      dy.of,
      dGamma,
      dBeta,
      { addend: dy.plus },
    );
    const dWeight = network.gradient(`${conv}.weight`);
    const dx = recordConv2dBackward(recorder, label(network, conv), layer.conv, dNorm, dWeight, needsInput)!;
    return { dx, dResidual }; // dx is none where it is not needed
  };
  const trained = [...blocksOf(spec, prefix)].filter(({ group }) => group >= frozen);
  if (trained.length === 0) return;
  const pooled = label(network, `${prefix}.avgpool`);
  let dx: Gradient = {
    of: recordGlobalAveragePoolBackward(recorder, pooled, features.shape, dy, features),
  };
  for (const { name, layers, shortcut } of trained.toReversed()) {
    const needsInput = frozen === 0 || name !== trained[0].name, last = back(layers.at(-1)!, dx);
    let dInput = last.dx;
    for (const layer of layers.slice(0, -1).toReversed()) {
      dInput = back(layer, { of: dInput }, { needsInput: needsInput || layer !== layers[0] }).dx;
    }
    dx = {
      of: dInput,
      plus: shortcut ? back(shortcut, { of: last.dResidual }, { needsInput }).dx : last.dResidual,
    };
  }
  if (frozen > 0) return;
  if (pool) {
    const name = label(network, `${prefix}.maxpool`);
    const sum = dx.plus ? recordAdd(recorder, `${name}.dy`, dx.of, dx.plus) : dx.of;
    dx = { of: recordMaxPoolBackward(recorder, name, pool, sum) };
  }
  back(stemOf(spec, prefix).layer, dx, { needsInput: false });
}

/** A block's input has two readers; the BatchNorm that is next on the way back adds up their gradients as it reads them. */
interface Gradient {
  of: Tensor;
  plus?: Tensor;
}

function recordLayerConv2d(
  recorder: Recorder,
  network: Network,
  { conv, window, stride }: LayerSpec,
  x: Tensor,
  then: { groups?: number; frozen?: FrozenNorm },
) {
  const options = { stride, padding: window >> 1 }, weight = network.value(`${conv}.weight`);
  return recordConv2d(recorder, label(network, conv), x, weight, options, then);
}

const label = (network: Network, name: string): string => `${network.values.label}.${name}`;
