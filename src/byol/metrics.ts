import source from "../../kernels/step_metrics.wgsl" with { type: "text" };
import { readFloats } from "../gpu/readback.ts";
import type { Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";

/** Figures of one step. */
export interface StepMetrics {
  /** Both directions' loss, mean over the batch: 0 … 8. */
  loss: number;
  /** Standard deviation of view 1's normalised projections, mean over dimensions: 1/√D when healthy, 0 when collapsed. */
  projectionStd: number;
  /** What the next step's loss is multiplied by; 1 in f32. */
  lossScale: number;
  /** Steps so far whose gradients were not finite, and which therefore changed nothing. */
  skippedSteps: number;
}

/** Steps whose figures wait on the GPU at most; the loop reads them back before the ring comes round. */
export const METRIC_SLOTS = 256;
const FIGURES = 4;

/**
 * Records a step's figures into the slot of the ring that the step parameters name: reading every step back would
 * stall the loop (platform.md: at least 10 ms a map).
 *
 * @param rowLoss `[2N]`. @param projection `[2N, D]`, the online network's. @param control The loss scale\'s state.
 * @returns The ring, `[METRIC_SLOTS, 4]`.
 */
export function recordStepMetrics(
  recorder: Recorder,
  rowLoss: Tensor,
  projection: Tensor,
  step: Tensor,
  control: Tensor,
): Tensor {
  const [rows, D] = projection.shape;
  expectShape(rowLoss, [rows], "the rows' losses");
  const ring = recorder.keep(recorder.alloc("metrics.ring", [METRIC_SLOTS, FIGURES]));
  const invNorm = recorder.alloc("metrics.inv_norm", [rows / 2]);
  recorder.dispatch(
    { name: "step_metrics", source, elem: elemOf(projection), overrides: { N: rows / 2, D } },
    [rowLoss, projection, step, control, invNorm, ring],
    [1],
  );
  return ring;
}

/** Reads the figures of steps `from` … `to − 1`, at most METRIC_SLOTS of them. Waits for the GPU. */
export async function readStepMetrics(
  device: GPUDevice,
  ring: Tensor,
  from: number,
  to: number,
): Promise<StepMetrics[]> {
  const values = await readFloats(device, ring);
  return Array.from({ length: to - from }, (_, i) => {
    const at = ((from + i) % METRIC_SLOTS) * FIGURES;
    const [loss, projectionStd, lossScale, skippedSteps] = values.subarray(at, at + FIGURES);
    return { loss, projectionStd, lossScale, skippedSteps };
  });
}
