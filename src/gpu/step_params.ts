import type { Tensor } from "./tensor.ts";

/** What changes from step to step without a new recording; kernels read it as `step`. */
export interface StepValues {
  /** The learning rate of this step. */
  lr: number;
  /** The metrics ring's slot. */
  slot: number;
  /** The target's decay. */
  tau: number;
  /** Where the micro-batch's first embedding goes in their queue; 0 by default. */
  queueRow?: number;
  /** The micro-batch's number in its step, from 0, which is the default. */
  micro?: number;
}

/** Numbers that a step reads. */
export const STEP_PARAMETERS = 8;

/** The one small buffer that is written before each replay: [lr, slot, 1 − tau, queueRow, micro, 0, 0, 0], f32. */
export class StepParams {
  readonly tensor: Tensor;
  readonly #buffer: GPUBuffer;
  constructor(readonly device: GPUDevice) {
    this.#buffer = device.createBuffer({
      label: "step",
      size: 4 * STEP_PARAMETERS,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    this.tensor = {
      label: "step",
      shape: [STEP_PARAMETERS],
      dtype: "f32",
      storage: { buffer: this.#buffer, offset: 0 },
    };
  }
  write({ lr, slot, tau, queueRow = 0, micro = 0 }: StepValues): void {
    // 1 − tau is taken in float64: near tau = 1 a float32 difference would lose its digits.
    const values = Float32Array.of(lr, slot, 1 - tau, queueRow, micro, 0, 0, 0);
    this.device.queue.writeBuffer(this.#buffer, 0, values);
  }
  destroy(): void {
    this.#buffer.destroy();
  }
}
