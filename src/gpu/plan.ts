import type { MemoryPlan } from "./memory.ts";
import { submit } from "./submit.ts";

/** One recorded dispatch, ready to encode. */
export interface Dispatch {
  pipeline: GPUComputePipeline;
  bindGroup: GPUBindGroup;
  workgroups: readonly [number, number, number];
  /** The kernel's name, and what it works on: profiles and GPU debuggers show both. */
  kernel: string;
  label: string;
  /** Of everything it binds, in order. */
  shapes: readonly (readonly number[])[];
  /** Products and sums, where they bound the kernel; 0 where moving bytes does. */
  flops: number;
  /** Bytes of everything it binds: what it moves, if it touches each element once. */
  bytes: number;
}

/** A recorded computation with its buffers: made once, replayed each step. */
export class Plan {
  /**
   * While it is set, each dispatch is a pass of its own with these timestamps. Nothing but `timePlan` sets it: passes of
   * one dispatch take longer.
   */
  timestampsOf: ((dispatch: number) => GPUComputePassTimestampWrites) | undefined;

  constructor(
    readonly device: GPUDevice,
    readonly dispatches: readonly Dispatch[],
    readonly memory: MemoryPlan,
    readonly buffers: readonly GPUBuffer[],
    /** What kernels read as `var<uniform>`; written once, when the plan was compiled. */
    readonly constants?: GPUBuffer,
  ) {}

  /** Encodes every dispatch, in order, into one compute pass of `encoder`. */
  encode(encoder: GPUCommandEncoder): void {
    const { timestampsOf } = this;
    const whole = timestampsOf ? undefined : encoder.beginComputePass({ label: "plan" });
    for (const [i, { pipeline, bindGroup, workgroups, kernel }] of this.dispatches.entries()) {
      const pass = whole ??
        encoder.beginComputePass({ label: kernel, timestampWrites: timestampsOf!(i) });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(...workgroups);
      if (!whole) pass.end();
    }
    whole?.end();
  }

  /** Encodes and submits the whole plan. Returns at once: only a readback waits. */
  replay(): void {
    const encoder = this.device.createCommandEncoder({ label: "plan" });
    this.encode(encoder);
    submit(this.device, encoder, "plan");
  }

  /** Frees the plan's own buffers; the plan cannot be replayed after. */
  destroy(): void {
    for (const buffer of this.buffers) buffer.destroy();
    this.constants?.destroy();
  }
}
