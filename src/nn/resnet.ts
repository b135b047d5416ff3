import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { recordAdd } from "./add.ts";
import {
  type BatchNormSaved,
  recordBatchNormInfer,
  recordBatchNormTrain,
  recordBatchNormTrainBackward,
} from "./batch_norm.ts";
import { recordConv2d, recordConv2dBackward } from "./conv2d.ts";
import type { Conv2dSaved } from "./conv2d_sizes.ts";
import { recordGlobalAveragePool, recordGlobalAveragePoolBackward } from "./global_average_pool.ts";
import type { Network, NetworkLayout } from "./network.ts";
import { recordReluBackward } from "./relu.ts";

/** The shape of a ResNet of basic blocks with a 3×3 stem. */
export interface ResNetSpec {
  /** Blocks of each group. */
  blocks: number[];
  /** Channels of each group. */
  widths: number[];
  /** Length of the embedding. */
  dim: number;
}

interface BlockSpec {
  name: string;
  inputs: number;
  width: number;
  stride: number;
  downsample: boolean;
}

/**
 * He et al.'s CIFAR ResNets (arXiv 1512.03385 §4.2): 6n + 2 layers, groups of 16, 32 and 64 channels; with 1×1
 * projection shortcuts where the shape changes.
 *
 * @throws {RangeError} If `arch` is not one of them.
 */
export function resnetSpec(arch: string): ResNetSpec {
  const depth = Number(/^cifar_resnet(\d+)$/.exec(arch)?.[1]), n = (depth - 2) / 6;
  if (!Number.isInteger(n) || n < 1) {
    throw new RangeError(`Cannot build ${arch}: not a cifar_resnet of 6n + 2 layers`);
  }
  return { blocks: [n, n, n], widths: [16, 32, 64], dim: 64 };
}

function* blocksOf(spec: ResNetSpec, prefix: string): Generator<BlockSpec> {
  let inputs = spec.widths[0];
  for (const [g, width] of spec.widths.entries()) {
    for (let b = 0; b < spec.blocks[g]; b++) {
      const stride = g > 0 && b === 0 ? 2 : 1;
      yield {
        name: `${prefix}.layer${g + 1}.${b}`,
        inputs,
        width,
        stride,
        downsample: stride !== 1 || inputs !== width,
      };
      inputs = width;
    }
  }
}

/** Adds the encoder's parameters and statistics under `prefix`, in torchvision's order and names. */
export function addResNet(layout: NetworkLayout, prefix: string, spec: ResNetSpec): void {
  layout.addConv2d(`${prefix}.conv1`, spec.widths[0], 3, 3, 3);
  layout.addBatchNorm(`${prefix}.bn1`, spec.widths[0]);
  for (const { name, inputs, width, downsample } of blocksOf(spec, prefix)) {
    layout.addConv2d(`${name}.conv1`, width, 3, 3, inputs);
    layout.addBatchNorm(`${name}.bn1`, width);
    layout.addConv2d(`${name}.conv2`, width, 3, 3, width);
    layout.addBatchNorm(`${name}.bn2`, width);
    if (downsample) {
      layout.addConv2d(`${name}.downsample.0`, width, 1, 1, inputs);
      layout.addBatchNorm(`${name}.downsample.1`, width);
    }
  }
}

/** A convolution and the BatchNorm behind it: where every layer of a ResNet begins. */
interface LayerSaved {
  conv: Conv2dSaved;
  norm: BatchNormSaved;
}
interface BlockSaved {
  block: BlockSpec;
  first: LayerSaved;
  second: LayerSaved;
  shortcut: LayerSaved | undefined;
}
export interface ResNetSaved {
  stem: LayerSaved;
  blocks: BlockSaved[];
  featureShape: readonly number[];
}

/**
 * Records the encoder in training mode: batch statistics, one set for each of `groups` parts of the batch.
 *
 * @param x `[N, H, W, 3]`, normalised.
 * @returns `y`, the embedding `[N, dim]`, overwritten on every replay.
 */
export function recordResNetTrain(
  recorder: Recorder,
  network: Network,
  prefix: string,
  spec: ResNetSpec,
  x: Tensor,
  groups: number,
): { y: Tensor; saved: ResNetSaved } {
  const layer = (x: Tensor, conv: string, norm: string, stride: number, relu: boolean, residual?: Tensor) => {
    const weight = network.value(`${conv}.weight`);
    const convolved = recordConv2d(recorder, label(network, conv), x, weight, {
      stride,
      padding: weight.shape[1] >> 1,
    });
    const normed = recordBatchNormTrain(
      recorder,
      label(network, norm),
      convolved.y,
      network.batchNorm(norm),
      groups,
      { relu, residual },
    );
    return { y: normed.y, saved: { conv: convolved.saved, norm: normed.saved } };
  };
  const stem = layer(x, `${prefix}.conv1`, `${prefix}.bn1`, 1, true);
  const blocks: BlockSaved[] = [];
  let y = stem.y;
  for (const block of blocksOf(spec, prefix)) {
    const { name, stride, downsample } = block;
    const first = layer(y, `${name}.conv1`, `${name}.bn1`, stride, true);
    const shortcut = downsample
      ? layer(y, `${name}.downsample.0`, `${name}.downsample.1`, stride, false)
      : undefined;
    const second = layer(first.y, `${name}.conv2`, `${name}.bn2`, 1, true, shortcut?.y ?? y);
    blocks.push({ block, first: first.saved, second: second.saved, shortcut: shortcut?.saved });
    y = second.y;
  }
  const pooled = recordGlobalAveragePool(recorder, label(network, `${prefix}.pool`), y);
  return { y: pooled, saved: { stem: stem.saved, blocks, featureShape: y.shape } };
}

/**
 * Records the gradients of `recordResNetTrain` with respect to the encoder's parameters (accumulated into); the
 * images' own gradient is not made.
 *
 * @param dy `[N, dim]`.
 */
export function recordResNetBackward(
  recorder: Recorder,
  network: Network,
  prefix: string,
  saved: ResNetSaved,
  dy: Tensor,
): void {
  const back = (
    layer: LayerSaved,
    conv: string,
    norm: string,
    dy: Tensor,
    pastRelu: boolean,
    needsInput = true,
  ) => {
    const dGamma = network.gradient(`${norm}.weight`), dBeta = network.gradient(`${norm}.bias`);
    const dNorm = recordBatchNormTrainBackward(
      recorder,
      label(network, norm),
      layer.norm,
      dy,
      dGamma,
      dBeta,
      { pastRelu },
    );
    const dWeight = network.gradient(`${conv}.weight`);
    return recordConv2dBackward(recorder, label(network, conv), layer.conv, dNorm, dWeight, needsInput);
  };
  let dx = recordGlobalAveragePoolBackward(
    recorder,
    label(network, `${prefix}.pool`),
    saved.featureShape,
    dy,
  );
  for (const { block: { name }, first, second, shortcut } of saved.blocks.toReversed()) {
    const dSum = recordReluBackward(recorder, label(network, name), second.norm.y, dx); // also the residual's gradient
    const dFirst = back(second, `${name}.conv2`, `${name}.bn2`, dSum, true)!;
    const dInput = back(first, `${name}.conv1`, `${name}.bn1`, dFirst, false)!;
    const dShortcut = shortcut
      ? back(shortcut, `${name}.downsample.0`, `${name}.downsample.1`, dSum, true)!
      : dSum;
    dx = recordAdd(recorder, label(network, `${name}.dx`), dInput, dShortcut);
  }
  back(saved.stem, `${prefix}.conv1`, `${prefix}.bn1`, dx, false, false);
}

/**
 * Records the encoder in inference mode, by running statistics: an image's embedding depends on nothing but itself.
 *
 * @param x `[N, H, W, 3]`, normalised.
 * @returns The embedding `[N, dim]`, overwritten on every replay.
 */
export function recordResNetInfer(
  recorder: Recorder,
  network: Network,
  prefix: string,
  spec: ResNetSpec,
  x: Tensor,
): Tensor {
  const layer = (x: Tensor, conv: string, norm: string, stride: number, relu: boolean, residual?: Tensor) => {
    const weight = network.value(`${conv}.weight`);
    const { y } = recordConv2d(recorder, label(network, conv), x, weight, {
      stride,
      padding: weight.shape[1] >> 1,
    });
    return recordBatchNormInfer(recorder, label(network, norm), y, network.batchNorm(norm), {
      relu,
      residual,
    });
  };
  let y = layer(x, `${prefix}.conv1`, `${prefix}.bn1`, 1, true);
  for (const { name, stride, downsample } of blocksOf(spec, prefix)) {
    const shortcut = downsample ? layer(y, `${name}.downsample.0`, `${name}.downsample.1`, stride, false) : y;
    const first = layer(y, `${name}.conv1`, `${name}.bn1`, stride, true);
    y = layer(first, `${name}.conv2`, `${name}.bn2`, 1, true, shortcut);
  }
  return recordGlobalAveragePool(recorder, label(network, `${prefix}.pool`), y);
}

const label = (network: Network, name: string): string => `${network.values.label}.${name}`;
