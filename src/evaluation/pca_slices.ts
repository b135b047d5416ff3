import type { PipelineCache } from "../gpu/pipeline.ts";
import type { Plan } from "../gpu/plan.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { submit } from "../gpu/submit.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { GRAM_ROWS, recordGram } from "../nn/gram.ts";
import { recordLinear } from "../nn/linear.ts";

/** Of a slice at most: CPU adapters take 0.05 s for it, and whoever waits for the GPU no more. */
const SLICE_FLOPS = 2 ** 31, MAX_SLICE_ROWS = 4096;

type Held = Tensor & { storage: { buffer: GPUBuffer; offset: number } };

/** The products that principal components take, on the GPU, of a slice of rows at a time. */
export class PcaSlices {
  /** Columns with the zeros that fill them up. */
  readonly #columns: number;

  private constructor(
    readonly pipelines: PipelineCache,
    readonly dim: number,
    /** Rows of a slice at most. */
    readonly rows: number,
    readonly x: Held,
    readonly gramOfSlice: Held,
    readonly plan: Plan,
  ) {
    this.#columns = x.shape[1];
  }

  /** @throws {OutOfMemoryError} If the device has not the memory. */
  static async create(pipelines: PipelineCache, dim: number): Promise<PcaSlices> {
    const columns = 4 * Math.ceil(dim / 4), { device } = pipelines;
    const fitting = Math.floor(SLICE_FLOPS / (2 * columns * columns) / GRAM_ROWS) * GRAM_ROWS;
    const rows = Math.min(MAX_SLICE_ROWS, Math.max(GRAM_ROWS, fitting));
    const x = uploadTensor(device, "pca.x", [rows, columns], "f32");
    const gram = uploadTensor(device, "pca.gram", [columns, columns], "f32");
    try {
      const recorder = new Recorder(pipelines.capabilities);
      recordGram(recorder, "pca", x, gram);
      return new PcaSlices(pipelines, dim, rows, x, gram, await recorder.compile(pipelines));
    } catch (error) {
      for (const { storage } of [x, gram]) storage.buffer.destroy();
      throw error;
    }
  }

  /**
   * Adds `rowsᵀ · rows` to `sum`, a slice's in f32 and slices' in float64.
   *
   * @param values `[n, dim]`, n at most `rows`. @param sum `[dim, dim]`.
   */
  async addGram(values: Float32Array, sum: Float64Array): Promise<void> {
    const { pipelines: { device }, gramOfSlice, dim } = this, columns = this.#columns;
    this.#write(values);
    const encoder = device.createCommandEncoder({ label: "pca.clear" });
    encoder.clearBuffer(gramOfSlice.storage.buffer);
    submit(device, encoder, "pca.clear");
    this.plan.replay();
    const gram = await readFloats(device, gramOfSlice);
    for (let i = 0; i < dim; i++) {
      for (let j = 0, at = i * dim, from = i * columns; j < dim; j++) sum[at + j] += gram[from + j];
    }
  }

  /**
   * Makes ready to take rows' products with axes.
   *
   * @param axes `[count, dim]`.
   * @returns What makes of `[n, dim]`, n at most `rows`, their `[n, count]`; and what frees its memory.
   */
  async scores(axes: Float64Array): Promise<{
    of(values: Float32Array): Promise<Float32Array>;
    destroy(): void;
  }> {
    const { pipelines, dim, x } = this, { device } = pipelines, columns = this.#columns;
    const count = axes.length / dim, padded = new Float32Array(count * columns);
    for (let k = 0; k < count; k++) padded.set(axes.subarray(k * dim, (k + 1) * dim), k * columns);
    const weight = uploadTensor(device, "pca.axes", [count, columns], "f32", padded);
    const recorder = new Recorder(pipelines.capabilities);
    const y = recorder.keep(recordLinear(recorder, "pca.scores", x, weight).y);
    const plan = await recorder.compile(pipelines);
    return {
      of: async (values) => {
        this.#write(values);
        plan.replay();
        return (await readFloats(device, y)).subarray(0, values.length / dim * count);
      },
      destroy: () => {
        plan.destroy();
        weight.storage.buffer.destroy();
      },
    };
  }

  destroy(): void {
    this.plan.destroy();
    for (const { storage } of [this.x, this.gramOfSlice]) storage.buffer.destroy();
  }

  /** Rows past the last are zeros, and add nothing. */
  #write(values: Float32Array): void {
    const { dim, rows, x } = this, columns = this.#columns, all = new Float32Array(rows * columns);
    if (columns === dim) all.set(values);
    else {
      for (let r = 0; r < values.length / dim; r++) {
        all.set(values.subarray(r * dim, (r + 1) * dim), r * columns);
      }
    }
    this.pipelines.device.queue.writeBuffer(x.storage.buffer, 0, all);
  }
}
