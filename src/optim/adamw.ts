import source from "../../kernels/adamw_update.wgsl" with { type: "text" };
import { FlatBuffer, type ParameterLayout } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { uploadSegments } from "./segments.ts";

export interface AdamWOptions {
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
  readonly segments: Tensor;
  readonly blockSegment: Tensor;
  readonly corrections: Tensor & { storage: { buffer: GPUBuffer } };

  constructor(
    readonly device: GPUDevice,
    readonly layout: ParameterLayout,
    readonly options: AdamWOptions,
  ) {
    this.mean = new FlatBuffer(device, layout, "adamw.mean");
    this.square = new FlatBuffer(device, layout, "adamw.square");
    const { segments, blockSegment } = uploadSegments(device, layout);
    this.segments = segments;
    this.blockSegment = blockSegment;
    this.corrections = uploadTensor(device, "optimizer.corrections", [2], "f32");
  }

  /**
   * Writes what corrects the averages' start at zero; before each replay, in float64 because 1 − β^t of an early step
   * is a small difference.
   *
   * @param k The update, from 0, since both averages were zero.
   */
  writeStep(k: number): void {
    const { beta1, beta2 } = this.options, t = k + 1;
    const corrections = Float32Array.of(1 / (1 - beta1 ** t), 1 / Math.sqrt(1 - beta2 ** t));
    this.device.queue.writeBuffer(this.corrections.storage.buffer, 0, corrections);
  }

  destroy(): void {
    this.mean.destroy();
    this.square.destroy();
    for (const { storage } of [this.segments, this.blockSegment, this.corrections]) storage?.buffer.destroy();
  }
}

/**
 * Records one update of all parameters, in place, in one dispatch (Loshchilov & Hutter, arXiv 1711.05101, as
 * `torch.optim.AdamW` has it): `w ← w(1 − lr·λ); m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; w ← w − lr·m̂ / (√v̂ + ε)`
 * with m̂ = m / (1 − β₁^t), v̂ = v / (1 − β₂^t). Biases and norms skip the decay.
 *
 * @param state Its `writeStep` is called before each replay.
 * @param step The step parameters; `step[0]` is the rate.
 */
export function recordAdamWUpdate(
  recorder: Recorder,
  state: AdamWState,
  weights: FlatBuffer,
  gradients: FlatBuffer,
  step: Tensor,
): void {
  const { length } = state.layout, { weightDecay, beta1, beta2, epsilon } = state.options;
  recorder.dispatch(
    {
      name: "adamw_update",
      source,
      overrides: {
        ...{ LENGTH: length, WEIGHT_DECAY: weightDecay, EPSILON: epsilon },
        ...{ ONE_MINUS_BETA1: 1 - beta1, ONE_MINUS_BETA2: 1 - beta2 },
      },
    },
    [
      ...[gradients.all, step, state.corrections, state.blockSegment, state.segments],
      ...[state.mean.all, state.square.all, weights.all],
    ],
    foldGrid(Math.ceil(length / 64)),
  );
}
