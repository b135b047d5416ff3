import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { addMlp, type MlpSaved, recordMlpBackward, recordMlpTrain } from "../nn/mlp.ts";
import { type Network, NetworkLayout } from "../nn/network.ts";
import { addResNet, recordResNetBackward, recordResNetTrain, type ResNetSaved } from "../nn/resnet.ts";
import type { ResNetSpec } from "../nn/resnet_architecture.ts";

export interface HeadSizes {
  projector: { hidden: number; out: number };
  predictor: { hidden: number };
}

/** Encoder and projector; and behind them, for the online network only, the predictor. */
export function byolLayout(
  spec: ResNetSpec,
  { projector, predictor }: HeadSizes,
  role: "online" | "target",
): NetworkLayout {
  const layout = new NetworkLayout();
  addResNet(layout, "encoder", spec);
  addMlp(layout, "projector", spec.dim, projector.hidden, projector.out);
  if (role === "online") addMlp(layout, "predictor", projector.out, predictor.hidden, projector.out);
  return layout;
}

/** Both views are one batch of 2N images; each view is a statistics group of its own (byol.md §A3). */
const VIEWS = 2;

export interface OnlineSaved {
  encoder: ResNetSaved;
  projector: MlpSaved;
  /** None where there was no predictor. */
  predictor: MlpSaved | undefined;
}

/**
 * Records the online network on both views.
 *
 * @param x `[2N, H, W, 3]`.
 * @param options.predictor Without it, an ablation, the prediction is the projection itself.
 */
export function recordOnline(
  recorder: Recorder,
  online: Network,
  spec: ResNetSpec,
  x: Tensor,
  options: { predictor?: boolean } = {},
) {
  const encoder = recordResNetTrain(recorder, online, "encoder", spec, x, VIEWS);
  const projector = recordMlpTrain(recorder, online, "projector", encoder.y, VIEWS);
  const predictor = options.predictor === false
    ? undefined
    : recordMlpTrain(recorder, online, "predictor", projector.y, VIEWS);
  const saved: OnlineSaved = {
    encoder: encoder.saved,
    projector: projector.saved,
    predictor: predictor?.saved,
  };
  const prediction = predictor?.y ?? projector.y;
  return { embedding: encoder.y, projection: projector.y, prediction, saved };
}

/** Records the online network's gradients, accumulated into its flat gradients. @param dPrediction `[2N, D]`. */
export function recordOnlineBackward(
  recorder: Recorder,
  online: Network,
  saved: OnlineSaved,
  dPrediction: Tensor,
): void {
  const dProjection = saved.predictor
    ? recordMlpBackward(recorder, online, "predictor", saved.predictor, dPrediction)
    : dPrediction;
  const dEmbedding = recordMlpBackward(recorder, online, "projector", saved.projector, dProjection);
  recordResNetBackward(recorder, online, "encoder", saved.encoder, dEmbedding);
}

/**
 * Records the target network on both views, in training mode on its own batch statistics (byol.md §A4).
 *
 * @param x `[2N, H, W, 3]`.
 * @returns The projection `[2N, D]`.
 */
export function recordTarget(recorder: Recorder, target: Network, spec: ResNetSpec, x: Tensor): Tensor {
  const { y } = recordResNetTrain(recorder, target, "encoder", spec, x, VIEWS);
  return recordMlpTrain(recorder, target, "projector", y, VIEWS).y;
}
