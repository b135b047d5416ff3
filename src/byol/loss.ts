import lossSource from "../../kernels/byol_loss.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { noLossScale } from "../optim/loss_scale.ts";

/**
 * Records BYOL's loss, both directions summed: `mean over images of ‖p̂₁ − ẑ₂‖² + ‖p̂₂ − ẑ₁‖²`, in [0, 8].
 *
 * @param prediction `[2N, D]`, online: view 1's rows, then view 2's.
 * @param projection `[2N, D]`, target's, in the same order; no gradient flows there (the stop-gradient).
 * @param control A loss scale's state, by whose scale the gradient is multiplied; without one by 1.
 * @param microBatches Micro-batches that make up a step: the gradient is that of the mean over all of its images.
 * @returns `rowLoss`, `[2N]`, f32 and never scaled, and `dPrediction`, `[2N, D]`, of the prediction's type; both
 *   overwritten.
 * @throws {RangeError} If the shapes differ or the number of rows is odd.
 */
export function recordByolLoss(
  recorder: Recorder,
  prediction: Tensor,
  projection: Tensor,
  control: Tensor = noLossScale(recorder),
  microBatches = 1,
): { rowLoss: Tensor; dPrediction: Tensor } {
  const [rows, D] = prediction.shape;
  expectShape(projection, [rows, D], "a target projection");
  if (rows % 2 !== 0) throw new RangeError(`Cannot pair views: rows must be even, got ${rows}`);
  const rowLoss = recorder.alloc("loss.rows", [rows]),
    dPrediction = recorder.alloc("loss.d_prediction", [rows, D], prediction.dtype);
  recorder.dispatch(
    {
      name: "byol_loss",
      source: lossSource,
      elem: elemOf(prediction),
      overrides: { N: rows / 2, D, MICRO_BATCHES: microBatches },
    },
    [prediction, projection, rowLoss, dPrediction, control],
    foldGrid(Math.ceil(rows / 8)),
  );
  return { rowLoss, dPrediction };
}
