import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import {
  type LinearSaved,
  recordLinear,
  recordLinearBackward,
  recordLinearParameterGradients,
} from "../nn/linear.ts";
import { type Network, NetworkLayout } from "../nn/network.ts";
import {
  addResNet,
  recordResNetBackward,
  recordResNetTrain,
  type ResNetSaved,
  type ResNetTraining,
} from "../nn/resnet.ts";
import type { ResNetSpec } from "../nn/resnet_architecture.ts";

/** What the encoder's and the head's names begin with. */
export const ENCODER = "encoder", HEAD = "fc";

/** An encoder, and a linear head with a bias behind it. */
export function classifierLayout(spec: ResNetSpec, classes: number): NetworkLayout {
  const layout = new NetworkLayout();
  addResNet(layout, ENCODER, spec);
  layout.addLinear(HEAD, classes, spec.dim, true);
  return layout;
}

export interface ClassifierSaved {
  encoder: ResNetSaved;
  head: LinearSaved;
}

/**
 * Records the classifier in training mode.
 *
 * @param x `[N, H, W, 3]`, normalised; one statistics group.
 * @returns `logits`, `[N, classes]`, overwritten on every replay, and what backward needs.
 */
export function recordClassifier(
  recorder: Recorder,
  network: Network,
  spec: ResNetSpec,
  x: Tensor,
  training: ResNetTraining = {},
): { logits: Tensor; saved: ClassifierSaved } {
  const encoder = recordResNetTrain(recorder, network, ENCODER, spec, x, 1, training);
  const head = recordLinear(
    recorder,
    HEAD,
    encoder.y,
    network.value(`${HEAD}.weight`),
    network.value(`${HEAD}.bias`),
  );
  return { logits: head.y, saved: { encoder: encoder.saved, head: head.saved } };
}

/** Records the gradients of all that is not frozen, accumulated into the flat ones. @param dLogits `[N, classes]`. */
export function recordClassifierBackward(
  recorder: Recorder,
  network: Network,
  { encoder, head }: ClassifierSaved,
  dLogits: Tensor,
): void {
  const dWeight = network.gradient(`${HEAD}.weight`), dBias = network.gradient(`${HEAD}.bias`);
  if (encoder.frozen > encoder.spec.blocks.length) {
    recordLinearParameterGradients(recorder, HEAD, head, dLogits, dWeight, dBias);
    return;
  }
  const dEmbedding = recordLinearBackward(recorder, HEAD, head, dLogits, dWeight, dBias);
  recordResNetBackward(recorder, network, ENCODER, encoder, dEmbedding);
}
