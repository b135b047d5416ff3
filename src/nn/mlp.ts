import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type BatchNormSaved, recordBatchNormTrain, recordBatchNormTrainBackward } from "./batch_norm.ts";
import { type LinearSaved, recordLinear, recordLinearBackward } from "./linear.ts";
import type { Network, NetworkLayout } from "./network.ts";

/**
 * BYOL's head (projector, predictor): Linear `0` with bias, BatchNorm `1`, ReLU, Linear `3` without bias.
 * The paper's appendix and its code agree: nothing behind the last layer.
 */
export function addMlp(
  layout: NetworkLayout,
  prefix: string,
  inputs: number,
  hidden: number,
  outputs: number,
): void {
  layout.addLinear(`${prefix}.0`, hidden, inputs, true);
  layout.addBatchNorm(`${prefix}.1`, hidden);
  layout.addLinear(`${prefix}.3`, outputs, hidden, false);
}

export interface MlpSaved {
  first: LinearSaved;
  norm: BatchNormSaved;
  last: LinearSaved;
}

/**
 * Records a head in training mode, batch statistics by group.
 *
 * @param x `[N, inputs]`.
 * @returns `y`, `[N, outputs]`, overwritten on every replay.
 */
export function recordMlpTrain(
  recorder: Recorder,
  network: Network,
  prefix: string,
  x: Tensor,
  groups: number,
): { y: Tensor; saved: MlpSaved } {
  const label = `${network.values.label}.${prefix}`;
  const first = recordLinear(
    recorder,
    `${label}.0`,
    x,
    network.value(`${prefix}.0.weight`),
    network.value(`${prefix}.0.bias`),
  );
  const norm = recordBatchNormTrain(
    recorder,
    `${label}.1`,
    first.y,
    network.batchNorm(`${prefix}.1`),
    groups,
    {
      relu: true,
    },
  );
  const last = recordLinear(recorder, `${label}.3`, norm.y, network.value(`${prefix}.3.weight`));
  return { y: last.y, saved: { first: first.saved, norm: norm.saved, last: last.saved } };
}

/** Records a head's gradients: parameters accumulate. @param dy `[N, outputs]`. @returns `dx`, `[N, inputs]`. */
export function recordMlpBackward(
  recorder: Recorder,
  network: Network,
  prefix: string,
  saved: MlpSaved,
  dy: Tensor,
): Tensor {
  const label = `${network.values.label}.${prefix}`,
    gradient = (name: string) => network.gradient(`${prefix}.${name}`);
  const dHidden = recordLinearBackward(recorder, `${label}.3`, saved.last, dy, gradient("3.weight"));
  const { dx: dNorm } = recordBatchNormTrainBackward(
    recorder,
    `${label}.1`,
    saved.norm,
    dHidden,
    gradient("1.weight"),
    gradient("1.bias"),
  );
  return recordLinearBackward(
    recorder,
    `${label}.0`,
    saved.first,
    dNorm,
    gradient("0.weight"),
    gradient("0.bias"),
  );
}
