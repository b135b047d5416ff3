import { readFloats } from "../gpu/readback.ts";
import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Steps whose figures wait on the GPU at most; a loop reads them back before the ring comes round. */
export const METRIC_SLOTS = 256;

/** Where a kernel finds its figures in a slot: what it writes begins at `FIRST` of `FIGURES`. */
export interface FigurePlace {
  FIRST: number;
  FIGURES: number;
}

/**
 * The layout of a ring that steps' figures go to: reading every step back would stall the loop (platform.md: at least
 * 10 ms a map).
 */
export class FigureRing<Name extends string> {
  /** @param names A slot's figures in their order; the kernels write runs of them. */
  constructor(readonly names: readonly Name[]) {}

  /** Where the run of figures that begins with `first` stands. */
  from(first: Name): FigurePlace {
    return { FIRST: this.names.indexOf(first), FIGURES: this.names.length };
  }

  /** @returns `[METRIC_SLOTS, figures]`, kept. */
  alloc(recorder: Recorder): Tensor {
    return recorder.keep(recorder.alloc("metrics.ring", [METRIC_SLOTS, this.names.length]));
  }

  /** The figures of steps `from` … `to − 1`, at most METRIC_SLOTS of them. Waits for the GPU. */
  async read(device: GPUDevice, ring: Tensor, from: number, to: number): Promise<Record<Name, number>[]> {
    const values = await readFloats(device, ring), figures = this.names.length;
    return Array.from({ length: to - from }, (_, i) => {
      const at = ((from + i) % METRIC_SLOTS) * figures;
      return Object.fromEntries(this.names.map((name, f) => [name, values[at + f]])) as Record<Name, number>;
    });
  }
}
