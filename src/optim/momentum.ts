import partialSource from "../../kernels/lars_partial.wgsl" with { type: "text" };
import scaleSource from "../../kernels/lars_scale.wgsl" with { type: "text" };
import updateSource from "../../kernels/momentum_update.wgsl" with { type: "text" };
import { FlatBuffer, type ParameterLayout } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { noLossScale } from "./loss_scale.ts";
import { type SegmentChunks, type SegmentPart, uploadChunks, uploadSegments } from "./segments.ts";

export interface MomentumOptions {
  name: "sgd" | "lars";
  weightDecay: number;
  momentum: number;
  /** LARS's η; weight decay counts into the norm that the ratio divides by. */
  trustCoefficient: number;
  /** Whether a step is taken along `g + μm` and not along m: Nesterov's momentum, as torch.optim.SGD has it. */
  nesterov?: boolean;
  /** Parameters, by name, that decay leaves alone, too: those of frozen layers, whose gradients stay zero. */
  fixed?(name: string): boolean;
  /** Whether gradients are of a loss that was multiplied by the loss scale, as they are unless said otherwise. */
  scaled?: boolean;
}

/** The optimiser's own state and tables: momentum over all parameters, in the parameters' layout. */
export class MomentumState {
  readonly momentum: FlatBuffer;
  /** What is kept from step to step, and what its parameters' names begin with in a checkpoint. */
  readonly buffers: readonly (readonly [prefix: string, buffer: FlatBuffer])[];
  /** LARS and weight decay leave biases and norms alone (byol.md §A5): they are plain momentum SGD at the full rate. */
  readonly parts: readonly (SegmentPart & Partial<SegmentChunks>)[];

  /**
   * @param maxBindingBytes As a FlatBuffer's.
   * @throws {OutOfMemoryError} If a parameter is larger than a binding.
   */
  constructor(
    device: GPUDevice,
    layout: ParameterLayout,
    readonly options: MomentumOptions,
    maxBindingBytes?: number,
  ) {
    this.momentum = new FlatBuffer(device, layout, "momentum", maxBindingBytes);
    this.buffers = [["momentum.", this.momentum]];
    this.parts = uploadSegments(this.momentum, options.fixed).map((part) =>
      options.name === "lars" ? { ...part, ...uploadChunks(device, part) } : part
    );
  }
  destroy(): void {
    this.momentum.destroy();
    for (const { blockSegment, chunks, segmentChunks } of this.parts) {
      for (const table of [blockSegment, chunks, segmentChunks]) table?.storage?.buffer.destroy();
    }
  }
}

/**
 * Records one update of all parameters, in place, in one dispatch (LARS: three) whatever their number, or as many for
 * each part of them that a binding holds: `g ← g + λw; g ← g · η‖w‖/‖g‖ (LARS); m ← μm + g; w ← w − lr·m` (Nesterov:
 * `w ← w − lr·(g + μm)`); biases and norms skip decay and ratio.
 *
 * @param step The step parameters; `step[0]` is the rate.
 * @param control A loss scale's state, after its check: gradients are divided by the scale before anything else, unless
 *   the options say that they are not scaled, and nothing is written where they are not finite.
 */
export function recordMomentumUpdate(
  recorder: Recorder,
  state: MomentumState,
  weights: FlatBuffer,
  gradients: FlatBuffer,
  step: Tensor,
  control: Tensor = noLossScale(recorder),
): void {
  const { name, weightDecay, momentum, trustCoefficient, nesterov = false, scaled = true } = state.options;
  const SCALED = Number(scaled), NESTEROV = Number(nesterov);
  for (const part of state.parts) {
    const [w, g, m] = [weights, gradients, state.momentum].map((flat) => flat.part(part));
    let scale = step; // bound, and not read, where nothing is adapted
    if (part.chunks && part.segmentChunks) {
      const [chunks] = part.chunks.shape, partials = recorder.alloc("optimizer.partials", [chunks, 2]);
      scale = recorder.alloc("optimizer.scale", [part.slots.length]);
      recorder.dispatch(
        { name: "lars_partial", source: partialSource, overrides: { WEIGHT_DECAY: weightDecay, SCALED } },
        [w, g, part.chunks, control, partials],
        foldGrid(chunks),
      );
      recorder.dispatch(
        { name: "lars_scale", source: scaleSource, overrides: { TRUST_COEFFICIENT: trustCoefficient } },
        [partials, part.segmentChunks, scale],
        foldGrid(part.slots.length),
      );
    }
    recorder.dispatch(
      {
        name: "momentum_update",
        source: updateSource,
        overrides: {
          WEIGHT_DECAY: weightDecay,
          MOMENTUM: momentum,
          ADAPTED: Number(name === "lars"),
          NESTEROV,
          SCALED,
        },
      },
      [g, step, control, part.blockSegment, scale, m, w],
      foldGrid(Math.ceil(part.length / 256)),
    );
  }
}
