import larsSource from "../../kernels/lars_scale.wgsl" with { type: "text" };
import updateSource from "../../kernels/momentum_update.wgsl" with { type: "text" };
import { FlatBuffer, type ParameterLayout } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadSegments } from "./segments.ts";

export interface MomentumOptions {
  name: "sgd" | "lars";
  weightDecay: number;
  momentum: number;
  /** LARS's η; weight decay counts into the norm that the ratio divides by. */
  trustCoefficient: number;
}

/** The optimiser's own state and tables: momentum over all parameters, in the parameters' layout. */
export class MomentumState {
  readonly momentum: FlatBuffer;
  readonly segments: Tensor;
  readonly blockSegment: Tensor;

  constructor(device: GPUDevice, readonly layout: ParameterLayout) {
    this.momentum = new FlatBuffer(device, layout, "momentum");
    // LARS and weight decay leave biases and norms alone (byol.md §A5): they are plain momentum SGD at the full rate.
    const { segments, blockSegment } = uploadSegments(device, layout);
    this.segments = segments;
    this.blockSegment = blockSegment;
  }
  destroy(): void {
    this.momentum.destroy();
    this.segments.storage?.buffer.destroy();
    this.blockSegment.storage?.buffer.destroy();
  }
}

/**
 * Records one update of all parameters, in place, in two dispatches whatever their number:
 * `g ← g + λw; g ← g · η‖w‖/‖g‖ (LARS); m ← μm + g; w ← w − lr·m`; biases and norms skip decay and ratio.
 *
 * @param step The step parameters; `step[0]` is the rate.
 */
export function recordMomentumUpdate(
  recorder: Recorder,
  state: MomentumState,
  weights: FlatBuffer,
  gradients: FlatBuffer,
  step: Tensor,
  { name, weightDecay, momentum, trustCoefficient }: MomentumOptions,
): void {
  const { slots, length } = state.layout;
  let scale = step; // bound, and not read, where nothing is adapted
  if (name === "lars") {
    scale = recorder.alloc("optimizer.scale", [slots.length]);
    recorder.dispatch(
      {
        name: "lars_scale",
        source: larsSource,
        overrides: { WEIGHT_DECAY: weightDecay, TRUST_COEFFICIENT: trustCoefficient },
      },
      [weights.all, gradients.all, state.segments, scale],
      [slots.length],
    );
  }
  recorder.dispatch(
    {
      name: "momentum_update",
      source: updateSource,
      overrides: {
        LENGTH: length,
        WEIGHT_DECAY: weightDecay,
        MOMENTUM: momentum,
        ADAPTED: Number(name === "lars"),
      },
    },
    [gradients.all, step, state.blockSegment, state.segments, scale, state.momentum.all, weights.all],
    foldGrid(Math.ceil(length / 64)),
  );
}
