import type { PipelineCache } from "../gpu/pipeline.ts";
import type { MemoryPlan } from "../gpu/memory.ts";
import type { Plan } from "../gpu/plan.ts";
import { Recorder } from "../gpu/recorder.ts";
import { STEP_PARAMETERS, StepParams } from "../gpu/step_params.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { recordLossScaleCheck } from "../optim/loss_scale.ts";
import { recordOptimizerUpdate } from "../optim/optimizer.ts";
import { recordEma } from "./ema.ts";
import { recordByolLoss } from "./loss.ts";
import { METRIC_SLOTS, readStepMetrics, recordStepMetrics, type StepMetrics } from "./metrics.ts";
import { recordOnline, recordOnlineBackward, recordTarget } from "./networks.ts";
import type { ByolState } from "./state.ts";

/**
 * Records one step.
 *
 * @param params The step parameters.
 * @param x `[2N, H, W, 3]`: view 1's images, then view 2's.
 * @returns The ring that the steps' figures go to.
 */
function recordStep(recorder: Recorder, state: ByolState, params: Tensor, x: Tensor): Tensor {
  const { online, target, spec, lossScale } = state, gradients = online.gradients!;
  // The target first: what it leaves behind is gone before the online network fills the memory with what it saves.
  const targetProjection = recordTarget(recorder, target, spec, x);
  const { projection, prediction, saved } = recordOnline(recorder, online, spec, x);
  const { rowLoss, dPrediction } = recordByolLoss(recorder, prediction, targetProjection, lossScale.state);
  recordOnlineBackward(recorder, online, saved, dPrediction);
  recordLossScaleCheck(recorder, lossScale, gradients);
  recordOptimizerUpdate(recorder, state.optimizer, online.values, gradients, params, lossScale.state);
  recordEma(recorder, online.values, target.values, params, lossScale.state);
  return recordStepMetrics(recorder, rowLoss, projection, params, lossScale.state);
}

/**
 * What a step takes of a device's memory beside the state: worked out from a recording, nothing is allocated.
 *
 * @param recordInput As `ByolStep.compile`'s; its tensors need no storage.
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function stepMemory(
  { device, capabilities }: PipelineCache,
  state: ByolState,
  recordInput: (recorder: Recorder) => Tensor,
): MemoryPlan {
  const recorder = new Recorder(capabilities);
  const params: Tensor = { label: "step", shape: [STEP_PARAMETERS], dtype: "f32" };
  recordStep(recorder, state, params, recordInput(recorder));
  return recorder.memory(device.limits);
}

/** One BYOL step, recorded once and replayed: views → both networks → loss → gradients → update → target. */
export class ByolStep {
  private constructor(
    readonly state: ByolState,
    readonly plan: Plan,
    readonly params: StepParams,
    readonly ring: Tensor,
  ) {}

  /**
   * Records and compiles the step.
   *
   * @param recordInput Records what makes the views: `[2N, H, W, 3]`, view 1's images, then view 2's.
   * @throws {OutOfMemoryError} If a buffer exceeds the device's limits, or all of them its memory.
   */
  static async compile(
    pipelines: PipelineCache,
    state: ByolState,
    recordInput: (recorder: Recorder) => Tensor,
  ): Promise<ByolStep> {
    const recorder = new Recorder(pipelines.capabilities), params = new StepParams(pipelines.device);
    const ring = recordStep(recorder, state, params.tensor, recordInput(recorder));
    return new ByolStep(state, await recorder.compile(pipelines), params, ring);
  }

  /** Submits step `k`. Returns at once; the loss comes with `metrics`. */
  run(k: number, { lr, tau }: { lr: number; tau: number }): void {
    const { device } = this.plan;
    this.params.write({ lr, tau, slot: k % METRIC_SLOTS });
    const encoder = device.createCommandEncoder({ label: "step" });
    // Parameter gradients accumulate (a weight may be used twice), so each step starts them at zero.
    encoder.clearBuffer(this.state.online.gradients!.all.storage!.buffer);
    this.plan.encode(encoder);
    device.queue.submit([encoder.finish({ label: "step" })]);
  }

  /** The figures of steps `from` … `to − 1`, at most METRIC_SLOTS. Waits for the GPU. */
  metrics(from: number, to: number): Promise<StepMetrics[]> {
    return readStepMetrics(this.plan.device, this.ring, from, to);
  }

  destroy(): void {
    this.plan.destroy();
    this.params.destroy();
  }
}
