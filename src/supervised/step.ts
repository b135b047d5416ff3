import type { MemoryPlan } from "../gpu/memory.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { Recorder } from "../gpu/recorder.ts";
import { STEP_PARAMETERS, StepParams } from "../gpu/step_params.ts";
import { submit } from "../gpu/submit.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { recordSoftmaxCrossEntropy } from "../nn/softmax_cross_entropy.ts";
import { recordMomentumUpdate } from "../optim/momentum.ts";
import { METRIC_SLOTS } from "../training/figure_ring.ts";
import { recordLabelFigures } from "../training/label_figures.ts";
import { recordUpdateMetrics } from "../training/norms.ts";
import { FIGURES, type StepFigures } from "./figures.ts";
import { recordClassifier, recordClassifierBackward } from "./network.ts";
import type { ClassifierState } from "./state.ts";

export interface StepOptions {
  /** As BatchNormOptions'. */
  statDecay?: number;
}

interface Recorded {
  labels: Tensor;
  ring: Tensor;
  writeTables(device: GPUDevice): void;
}

/** Records views → classifier → loss → gradients → update → figures. @param x `[N, H, W, 3]`. */
function record(
  recorder: Recorder,
  { network, spec, frozen, optimizer, lossScale }: ClassifierState,
  params: Tensor,
  x: Tensor,
  { statDecay }: StepOptions,
): Recorded {
  const { values } = network, gradients = network.gradients!;
  const { logits, saved } = recordClassifier(recorder, network, spec, x, { frozen, statDecay });
  const labels = recorder.keep(recorder.alloc("batch.labels", [x.shape[0]], "u32"));
  const { rowLoss, dLogits } = recordSoftmaxCrossEntropy(recorder, "fc", logits, labels);
  const ring = FIGURES.alloc(recorder);
  recordLabelFigures(recorder, { logits, labels, rowLoss }, {
    step: params,
    ring,
    place: FIGURES.from("loss"),
  });
  recordClassifierBackward(recorder, network, saved, dLogits);
  recordMomentumUpdate(recorder, optimizer, values, gradients, params, lossScale.state);
  const place = FIGURES.from("gradientNorm");
  const tables = recordUpdateMetrics(recorder, { values, gradients }, params, ring, place, lossScale.state);
  return { labels, ring, writeTables: tables.writeTables };
}

/**
 * What a step takes of a device's memory beside the state: worked out from a recording, nothing is allocated.
 *
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function stepMemory(
  { device, capabilities }: PipelineCache,
  state: ClassifierState,
  recordInput: (recorder: Recorder) => Tensor,
): MemoryPlan {
  const params: Tensor = { label: "step", shape: [STEP_PARAMETERS], dtype: "f32" };
  const recorder = new Recorder(capabilities);
  record(recorder, state, params, recordInput(recorder), {});
  return recorder.memory(device.limits);
}

/** One step of supervised training, recorded once and replayed. */
export class SupervisedStep {
  private constructor(
    readonly state: ClassifierState,
    readonly plan: Plan,
    readonly params: StepParams,
    readonly recorded: Readonly<Recorded>,
  ) {}

  /**
   * Records and compiles the step.
   *
   * @param recordInput Records what makes a batch's views: `[N, H, W, 3]`.
   * @throws {OutOfMemoryError} If a buffer exceeds the device's limits, or all of them its memory.
   */
  static async compile(
    pipelines: PipelineCache,
    state: ClassifierState,
    recordInput: (recorder: Recorder) => Tensor,
    options: StepOptions = {},
  ): Promise<SupervisedStep> {
    const { device, capabilities } = pipelines, params = new StepParams(device);
    try {
      const recorder = new Recorder(capabilities);
      const recorded = record(recorder, state, params.tensor, recordInput(recorder), options);
      const plan = await recorder.compile(pipelines);
      recorded.writeTables(device);
      return new SupervisedStep(state, plan, params, recorded);
    } catch (error) {
      params.destroy();
      throw error;
    }
  }

  /**
   * Submits step `k`, whose views are where the recorded input reads them. Returns at once.
   *
   * @param labels The batch's classes, one an image; NO_CLASS for none.
   * @throws {RangeError} If their number is not the batch's.
   */
  run(k: number, lr: number, labels: Uint32Array<ArrayBuffer>): void {
    const { state: { device, network }, recorded: { labels: { shape: [images], storage } } } = this;
    if (labels.length !== images) {
      throw new RangeError(`Cannot write labels: ${images} needed, got ${labels.length}`);
    }
    device.queue.writeBuffer(storage!.buffer, storage!.offset, labels);
    this.params.write({ lr, tau: 1, slot: k % METRIC_SLOTS });
    const encoder = device.createCommandEncoder({ label: "step" });
    encoder.clearBuffer(network.gradients!.all.storage!.buffer); // parameter gradients accumulate
    this.plan.encode(encoder);
    submit(device, encoder, "step");
  }

  /** The figures of steps `from` … `to − 1`, at most METRIC_SLOTS. Waits for the GPU. */
  figures(from: number, to: number): Promise<StepFigures[]> {
    return FIGURES.read(this.state.device, this.recorded.ring, from, to);
  }

  destroy(): void {
    for (const part of [this.plan, this.params]) part.destroy();
  }
}
