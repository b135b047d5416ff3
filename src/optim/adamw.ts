import correctionsSource from "../../kernels/adamw_corrections.wgsl" with { type: "text" };
import updateSource from "../../kernels/adamw_update.wgsl" with { type: "text" };
import { FlatBuffer, ParameterLayout } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { noLossScale } from "./loss_scale.ts";
import { type SegmentPart, uploadSegments } from "./segments.ts";

export interface AdamWOptions {
  name: "adamw";
  /** λ: each step takes lr·λ of a weight away, whatever its gradient. */
  weightDecay: number;
  beta1: number;
  beta2: number;
  epsilon: number;
}

/** The optimiser's own state and tables: both averages over all parameters, in the parameters' layout. */
export class AdamWState {
  /** m: the gradients' average. */
  readonly mean: FlatBuffer;
  /** v: their squares'. */
  readonly square: FlatBuffer;
  /** t: how many updates both averages have seen. */
  readonly updates: FlatBuffer;
  /** What is kept from step to step, and what its parameters' names begin with in a checkpoint: torch's words. */
  readonly buffers: readonly (readonly [prefix: string, buffer: FlatBuffer])[];
  readonly parts: readonly SegmentPart[];
  /** `[entries, 2]`: what corrects the averages' start at zero, by t. */
  readonly corrections: Tensor;

  /**
   * @param maxBindingBytes As a FlatBuffer's.
   * @throws {RangeError} If a parameter is larger than a binding, or a β is not in 0 … 0.99999.
   */
  constructor(
    device: GPUDevice,
    layout: ParameterLayout,
    readonly options: AdamWOptions,
    maxBindingBytes?: number,
  ) {
    const corrections = tableOfCorrections(options), counter = new ParameterLayout();
    counter.add("step", "norm", []);
    this.mean = new FlatBuffer(device, layout, "adamw.mean", maxBindingBytes);
    this.square = new FlatBuffer(device, layout, "adamw.square", maxBindingBytes);
    this.updates = new FlatBuffer(device, counter, "adamw.updates");
    this.buffers = [["exp_avg.", this.mean], ["exp_avg_sq.", this.square], ["", this.updates]];
    this.parts = uploadSegments(this.mean);
    this.corrections = uploadTensor(
      device,
      "optimizer.corrections",
      [corrections.length / 2, 2],
      "f32",
      corrections,
    );
  }

  destroy(): void {
    for (const [, buffer] of this.buffers) buffer.destroy();
    for (const { blockSegment } of this.parts) blockSegment.storage?.buffer.destroy();
    this.corrections.storage?.buffer.destroy();
  }
}

/** The β up to which a table of corrections, which ends where both are 1 in f32, is of a bearable length: 1.7 million. */
const MAX_BETA = 0.99999;

/** 1 / (1 − β₁^t) and 1 / √(1 − β₂^t) for t = 0, 1, …, taken in float64; at t = 0 they are not used. */
function tableOfCorrections({ beta1, beta2 }: AdamWOptions): Float32Array<ArrayBuffer> {
  for (const beta of [beta1, beta2]) {
    if (!(beta >= 0 && beta <= MAX_BETA)) {
      throw new RangeError(`Cannot use AdamW: a beta must be 0 … ${MAX_BETA}, got ${beta}`);
    }
  }
  const table = [1, 1];
  for (let t = 1;; t++) {
    const pair = [1 / (1 - beta1 ** t), 1 / Math.sqrt(1 - beta2 ** t)].map(Math.fround);
    table.push(...pair);
    if (pair.every((correction) => correction === 1)) return Float32Array.from(table);
  }
}

/**
 * Records one update of all parameters, in place, in one dispatch for each part of them that a binding holds, and one
 * for all (Loshchilov & Hutter, arXiv 1711.05101, as `torch.optim.AdamW` has it): `w ← w(1 − lr·λ);
 * m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; w ← w − lr·m̂ / (√v̂ + ε)` with m̂ = m / (1 − β₁^t), v̂ = v / (1 − β₂^t).
 * Biases and norms skip the decay. t counts the updates that are applied, so a step that a loss scale skips leaves it
 * where it was, as torch's GradScaler does by not calling the optimiser at all.
 *
 * @param step The step parameters; `step[0]` is the rate.
 * @param control A loss scale's state, after its check: gradients are divided by the scale before anything else, and
 *   nothing is written where they are not finite.
 */
export function recordAdamWUpdate(
  recorder: Recorder,
  state: AdamWState,
  weights: FlatBuffer,
  gradients: FlatBuffer,
  step: Tensor,
  control: Tensor = noLossScale(recorder),
): void {
  const { weightDecay, beta1, beta2, epsilon } = state.options;
  const corrections = recorder.alloc("optimizer.correction", [2]);
  recorder.dispatch(
    { name: "adamw_corrections", source: correctionsSource },
    [control, state.corrections, state.updates.view("step"), corrections],
    [1],
  );
  for (const part of state.parts) {
    const [w, g, m, v] = [weights, gradients, state.mean, state.square].map((flat) => flat.part(part));
    recorder.dispatch(
      {
        name: "adamw_update",
        source: updateSource,
        overrides: {
          ...{ WEIGHT_DECAY: weightDecay, EPSILON: epsilon },
          ...{ ONE_MINUS_BETA1: 1 - beta1, ONE_MINUS_BETA2: 1 - beta2 },
        },
      },
      [g, step, control, corrections, part.blockSegment, m, v, w],
      foldGrid(Math.ceil(part.length / 256)),
    );
  }
}
