import type { PipelineCache } from "../gpu/pipeline.ts";
import type { MemoryPlan } from "../gpu/memory.ts";
import type { Plan } from "../gpu/plan.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { STEP_PARAMETERS, StepParams } from "../gpu/step_params.ts";
import { submit } from "../gpu/submit.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { recordLossScaleCheck } from "../optim/loss_scale.ts";
import { recordOptimizerUpdate } from "../optim/optimizer.ts";
import { METRIC_SLOTS } from "../training/figure_ring.ts";
import { NO_CLASS } from "../training/label_figures.ts";
import { recordUpdateMetrics } from "../training/norms.ts";
import { recordEma } from "./ema.ts";
import { QUEUE_SLOTS, recordEmbeddingQueue } from "./embedding_queue.ts";
import { recordByolLoss } from "./loss.ts";
import {
  allocMetricRing,
  figuresFrom,
  readStepMetrics,
  recordStepMetrics,
  type StepMetrics,
} from "./metrics.ts";
import { recordOnline, recordOnlineBackward, recordTarget } from "./networks.ts";
import { recordProbe, recordProbeUpdate } from "./probe.ts";
import type { ByolState } from "./state.ts";

export interface StepOptions {
  /** Micro-batches of a step, whose gradients are summed before the one update; BatchNorm sees one at a time. */
  microBatches?: number;
  /**
   * What BYOL is left without, for tests that show what then becomes of it (the paper's Table 5): the predictor, so that
   * the projection itself is compared; or the target's average, so that it stays what it was.
   */
  ablation?: "no-predictor" | "frozen-target";
}

/** What changes from step to step. */
export interface StepRates {
  lr: number;
  tau: number;
  /** The probe's own rate; without one it stays as it is. */
  probeLr?: number;
}

/** What a recorded micro-batch leaves for the host and for the update. */
interface MicroRecord {
  images: number;
  ring: Tensor;
  queue: Tensor;
  labels: Tensor | undefined;
}

/**
 * Records a micro-batch: views → both networks → loss → gradients → figures.
 *
 * @param params The step parameters.
 * @param x `[2N, H, W, 3]`: view 1's images, then view 2's.
 */
function recordMicro(
  recorder: Recorder,
  state: ByolState,
  params: Tensor,
  x: Tensor,
  { microBatches = 1, ablation }: StepOptions,
): MicroRecord {
  const { online, target, spec, lossScale, probe } = state, images = x.shape[0] / 2;
  // The target first: what it leaves behind is gone before the online network fills the memory with what it saves.
  const targetProjection = recordTarget(recorder, target, spec, x);
  const { embedding, projection, prediction, saved } = recordOnline(recorder, online, spec, x, {
    predictor: ablation !== "no-predictor",
  });
  const { rowLoss, dPrediction } = recordByolLoss(
    recorder,
    prediction,
    targetProjection,
    lossScale.state,
    microBatches,
  );
  const ring = allocMetricRing(recorder);
  const sources = { rowLoss, projection, targetProjection, embedding, step: params, ring };
  recordStepMetrics(recorder, sources, microBatches);
  const queue = recordEmbeddingQueue(recorder, embedding, params);
  const labels = probe && recorder.keep(recorder.alloc("batch.labels", [images], "u32"));
  if (labels) recordProbe(recorder, probe, { embedding, labels, step: params, ring }, microBatches);
  recordOnlineBackward(recorder, online, saved, dPrediction);
  return { images, ring, queue, labels };
}

/** Records the update that a step's micro-batches are followed by: loss scale → optimiser → target → figures. */
function recordUpdate(
  recorder: Recorder,
  state: ByolState,
  { params, probeParams, ring }: { params: Tensor; probeParams: Tensor; ring: Tensor },
  { ablation }: StepOptions,
): { writeTables(device: GPUDevice): void } {
  const { online: { values }, target, lossScale, probe } = state, gradients = state.online.gradients!;
  recordLossScaleCheck(recorder, lossScale, gradients);
  recordOptimizerUpdate(recorder, state.optimizer, values, gradients, params, lossScale.state);
  if (ablation !== "frozen-target") recordEma(recorder, values, target.values, params, lossScale.state);
  if (probe) recordProbeUpdate(recorder, probe, probeParams, lossScale.state);
  const sources = { values, gradients, target: target.values };
  return recordUpdateMetrics(recorder, sources, params, ring, figuresFrom("gradientNorm"), lossScale.state);
}

/**
 * What a step takes of a device's memory beside the state: worked out from a recording, nothing is allocated.
 *
 * @param recordInput As `ByolStep.compile`'s; its tensors need no storage.
 * @returns Of both plans together: neither's memory is the other's.
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function stepMemory(
  { device, capabilities }: PipelineCache,
  state: ByolState,
  recordInput: (recorder: Recorder) => Tensor,
  options: StepOptions = {},
): MemoryPlan {
  const params: Tensor = { label: "step", shape: [STEP_PARAMETERS], dtype: "f32" };
  const micro = new Recorder(capabilities), update = new Recorder(capabilities);
  const { ring } = recordMicro(micro, state, params, recordInput(micro), options);
  recordUpdate(update, state, { params, probeParams: params, ring }, options);
  return sumOf(micro.memory(device.limits), update.memory(device.limits));
}

function sumOf(a: MemoryPlan, b: MemoryPlan): MemoryPlan {
  const [smaller, larger] = [a.largest, b.largest].sort((x, y) => (x?.bytes ?? 0) - (y?.bytes ?? 0));
  return {
    bytes: a.bytes + b.bytes,
    peakBytes: a.peakBytes + b.peakBytes,
    unsharedBytes: a.unsharedBytes + b.unsharedBytes,
    tensors: a.tensors + b.tensors,
    largest: larger ?? smaller,
  };
}

/**
 * One BYOL step, recorded once and replayed: of each micro-batch, views → both networks → loss → gradients; then the update
 * and the target's.
 */
export class ByolStep {
  /** Embeddings that went to the queue so far. */
  #embedded = 0;

  private constructor(
    readonly state: ByolState,
    readonly microBatches: number,
    /** Of one micro-batch, replayed for each; and of the update. */
    readonly plans: { readonly micro: Plan; readonly update: Plan },
    readonly params: { readonly step: StepParams; readonly probe: StepParams },
    readonly record: Readonly<MicroRecord>,
  ) {}

  /**
   * Records and compiles the step.
   *
   * @param recordInput Records what makes a micro-batch's views: `[2N, H, W, 3]`, view 1's images, then view 2's.
   * @throws {RangeError} If `microBatches` is no positive integer.
   * @throws {OutOfMemoryError} If a buffer exceeds the device's limits, or all of them its memory.
   */
  static async compile(
    pipelines: PipelineCache,
    state: ByolState,
    recordInput: (recorder: Recorder) => Tensor,
    options: StepOptions = {},
  ): Promise<ByolStep> {
    const { device, capabilities } = pipelines, { microBatches = 1 } = options;
    if (!(Number.isInteger(microBatches) && microBatches > 0)) {
      throw new RangeError(
        `Cannot compile a step: micro-batches must be a positive integer, got ${microBatches}`,
      );
    }
    const params = { step: new StepParams(device), probe: new StepParams(device) };
    const plans: Plan[] = [];
    try {
      const micro = new Recorder(capabilities), update = new Recorder(capabilities);
      const record = recordMicro(micro, state, params.step.tensor, recordInput(micro), options);
      const tensors = { params: params.step.tensor, probeParams: params.probe.tensor, ring: record.ring };
      const norms = recordUpdate(update, state, tensors, options);
      plans.push(await micro.compile(pipelines)); // first: the update binds its ring
      plans.push(await update.compile(pipelines));
      norms.writeTables(device);
      const step = new ByolStep(state, microBatches, { micro: plans[0], update: plans[1] }, params, record);
      if (record.labels) step.writeLabels(new Uint32Array(record.images).fill(NO_CLASS));
      return step;
    } catch (error) {
      for (const part of [...plans, ...Object.values(params)]) part.destroy();
      throw error;
    }
  }

  /** Everything that is replayed, in its order. */
  get allPlans(): readonly Plan[] {
    return [this.plans.micro, this.plans.update];
  }

  /** As `stepMemory` gave it beforehand. */
  get memory(): MemoryPlan {
    return sumOf(this.plans.micro.memory, this.plans.update.memory);
  }

  /**
   * Submits step `k`. Returns at once; the loss comes with `metrics`.
   *
   * @param write Uploads the views, and labels, of a micro-batch, by number: called before each is submitted, with whose
   *   work the queue orders what is written.
   */
  run(k: number, { lr, tau, probeLr = 0 }: StepRates, write?: (micro: number) => void): void {
    const { microBatches, state: { device, online, probe }, plans, record: { images } } = this;
    for (let m = 0; m < microBatches; m++) {
      write?.(m);
      const queueRow = this.#embedded % QUEUE_SLOTS;
      this.params.step.write({ lr, tau, slot: k % METRIC_SLOTS, queueRow, micro: m });
      this.#embedded += images;
      const encoder = device.createCommandEncoder({ label: "step" });
      if (m === 0) {
        // Parameter gradients accumulate, over micro-batches too, so each step starts them at zero.
        encoder.clearBuffer(online.gradients!.all.storage!.buffer);
        if (probe) encoder.clearBuffer(probe.gradients.all.storage!.buffer);
      }
      plans.micro.encode(encoder);
      if (m === microBatches - 1) {
        if (probe) this.params.probe.write({ lr: probeLr, tau, slot: 0 });
        plans.update.encode(encoder);
      }
      submit(device, encoder, "step");
    }
  }

  /**
   * Writes the classes of a micro-batch's images for the probe; `write` of `run` is the place to.
   *
   * @param labels One an image; NO_CLASS for none.
   * @throws {TypeError} If there is no probe. @throws {RangeError} If their number is not the micro-batch's.
   */
  writeLabels(labels: Uint32Array<ArrayBuffer>): void {
    const { labels: tensor, images } = this.record;
    if (!tensor) throw new TypeError("Cannot write labels: the state has no probe");
    if (labels.length !== images) {
      throw new RangeError(`Cannot write labels: ${images} needed, got ${labels.length}`);
    }
    this.state.device.queue.writeBuffer(tensor.storage!.buffer, tensor.storage!.offset, labels);
  }

  /** The figures of steps `from` … `to − 1`, at most METRIC_SLOTS. Waits for the GPU. */
  metrics(from: number, to: number): Promise<StepMetrics[]> {
    const { device, probe } = this.state;
    return readStepMetrics(device, this.record.ring, from, to, { probe: probe !== undefined });
  }

  /**
   * The encoder's last view-1 embeddings, 512 at most, in no order; what `RankMe` is taken of. Waits for the GPU.
   *
   * @returns `values`, `[rows, dim]`.
   */
  async readEmbeddings(): Promise<{ values: Float32Array; rows: number; dim: number }> {
    const { queue } = this.record, [, dim] = queue.shape, rows = Math.min(this.#embedded, QUEUE_SLOTS);
    const values = await readFloats(this.state.device, queue);
    return { values: values.subarray(0, rows * dim), rows, dim };
  }

  destroy(): void {
    for (const part of [...this.allPlans, ...Object.values(this.params)]) part.destroy();
  }
}
