import flagsSource from "../../kernels/loss_scale_flags.wgsl" with { type: "text" };
import updateSource from "../../kernels/loss_scale_update.wgsl" with { type: "text" };
import type { FlatBuffer } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";

export interface LossScaleOptions {
  /** A power of two, 1 … 2^24. */
  initial?: number;
  /** Steps in a row with finite gradients after which the scale is doubled. */
  growthInterval?: number;
}

const MAX_SCALE = 2 ** 24;
/** Elements that one flag stands for: the kernel's CHUNK of vectors. */
const CHUNK = 4 * 4096;

/**
 * What the loss is multiplied by, so that f16 gradients do not vanish; found by trial, on the GPU, without a readback.
 * Definitions and starting values are torch.cuda.amp.GradScaler's: 2^16 at first, halved after a step whose gradients
 * are not all finite, which is skipped, doubled after 2,000 good ones in a row. Its bounds, 1 and 2^24, are ours.
 */
export class LossScale {
  /**
   * `[8]` f32: [scale, invScale, finite, goodSteps, skippedSteps, 0, 0, 0]. `scale` is what the loss of the step to
   * come is multiplied by; `invScale` and `finite` (1 or 0) are of the last check's gradients. Kernels read it as
   * storage or as uniform; as the `control` of an update they read invScale and finite. Kept in checkpoints.
   */
  readonly state: Tensor & { storage: { buffer: GPUBuffer; offset: number } };

  private constructor(
    readonly device: GPUDevice,
    readonly initial: number,
    /** Undefined where nothing is scaled, nor checked. */
    readonly growthInterval?: number,
  ) {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM;
    const buffer = device.createBuffer({
      label: "loss_scale",
      size: 32,
      usage: usage | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    this.state = { label: "loss_scale", shape: [8], dtype: "f32", storage: { buffer, offset: 0 } };
    this.reset();
  }

  /** Of a run in f32: the scale is 1 for good, and `recordLossScaleCheck` records nothing. */
  static none(device: GPUDevice): LossScale {
    return new LossScale(device, 1);
  }

  /** Of a run in mixed precision. @throws {RangeError} If `initial` is not a power of two, 1 … 2^24. */
  static dynamic(
    device: GPUDevice,
    { initial = 2 ** 16, growthInterval = 2000 }: LossScaleOptions = {},
  ): LossScale {
    if (!(initial >= 1 && initial <= MAX_SCALE && Number.isInteger(Math.log2(initial)))) {
      throw new RangeError(`Cannot scale a loss: the scale must be a power of two, 1 … 2^24, got ${initial}`);
    }
    return new LossScale(device, initial, growthInterval);
  }

  /** Whether gradients are checked and the scale moves, so that there is something to keep. */
  get isDynamic(): boolean {
    return this.growthInterval !== undefined;
  }

  /** Back to the start. */
  reset(): void {
    this.write(Float32Array.of(this.initial, 1 / this.initial, 1, 0, 0, 0, 0, 0));
  }

  /** Overwrites the state. @throws {RangeError} If there are not 8 values. */
  write(state: Float32Array<ArrayBuffer>): void {
    if (state.length !== 8) {
      throw new RangeError(`Cannot write loss_scale: 8 values needed, got ${state.length}`);
    }
    this.device.queue.writeBuffer(this.state.storage.buffer, 0, state);
  }

  destroy(): void {
    this.state.storage.buffer.destroy();
  }
}

/** The control of an update whose gradients are not scaled, for one that is given none: [scale, invScale, finite] = 1. */
export function noLossScale(recorder: Recorder): Tensor {
  const [one] = new Int32Array(Float32Array.of(1).buffer);
  return recorder.constant([one, one, one]);
}

/**
 * Records the look at a step's gradients, after the last of them and before their first use: sets invScale, finite, and
 * the next step's scale. One dispatch for each part of the gradients that a binding holds, and one for all; none where
 * nothing is scaled.
 *
 * @param gradients Of a loss that was multiplied by the state's scale.
 */
export function recordLossScaleCheck(
  recorder: Recorder,
  lossScale: LossScale,
  gradients: FlatBuffer,
): void {
  const { growthInterval, state } = lossScale;
  if (growthInterval === undefined) return;
  const { parts } = gradients, counts = parts.map(({ length }) => Math.ceil(length / CHUNK));
  const flags = recorder.alloc("loss_scale.flags", [counts.reduce((a, b) => a + b, 0)], "u32");
  let first = 0;
  for (const [i, part] of parts.entries()) {
    recorder.dispatch(
      { name: "loss_scale_flags", source: flagsSource },
      [gradients.part(part), recorder.constant([first]), flags],
      foldGrid(counts[i]),
    );
    first += counts[i];
  }
  recorder.dispatch(
    {
      name: "loss_scale_update",
      source: updateSource,
      overrides: { GROWTH_INTERVAL: growthInterval, MAX_SCALE },
    },
    [flags, state],
    [1],
  );
}
