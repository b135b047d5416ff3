import type { PipelineCache } from "../gpu/pipeline.ts";
import { readFloats } from "../gpu/readback.ts";
import { Recorder } from "../gpu/recorder.ts";
import { byteLength, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";
import { recordLinear } from "../nn/linear.ts";
import type { LabelledEmbeddings } from "./knn.ts";

/** Rows of one replay. */
const CHUNK = 1024;

/** A linear classifier of embeddings: `weight` `[classes, dim]` and `bias` `[classes]`, f32, both with storage. */
export interface Probe {
  weight: Tensor;
  bias: Tensor;
}

/**
 * Top-1 accuracy of a linear probe: the class of the largest of `x · weightᵀ + bias`, the lower of equal ones. A row whose
 * logits are not numbers counts as wrong.
 *
 * @returns 0 … 1.
 * @throws {RangeError} If there are no rows, or the probe's shapes are not those of `dim`.
 * @throws What `signal` was aborted with.
 */
export async function probeAccuracy(
  pipelines: PipelineCache,
  { rows, labels }: LabelledEmbeddings,
  dim: number,
  probe: Probe,
  signal?: AbortSignal,
): Promise<number> {
  let correct = 0;
  await eachLogits(pipelines, rows, dim, probe, (row, n) => {
    if (largest(row) === labels[n]) correct++;
  }, signal);
  return correct / labels.length;
}

/**
 * Hands over the logits of each embedding in turn, `x · weightᵀ + bias`.
 *
 * @param rows `[n, dim]`. @param visit Is given one row's logits, valid until it returns, and the row's number.
 * @throws As `probeAccuracy`.
 */
export async function eachLogits(
  pipelines: PipelineCache,
  rows: Float32Array,
  dim: number,
  probe: Probe,
  visit: (logits: Float32Array, n: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const total = rows.length / dim, [classes] = probe.weight.shape, { device } = pipelines;
  if (total === 0) throw new RangeError("Cannot tell a probe's accuracy: at least one row needed, got 0");
  const recorder = new Recorder(pipelines.capabilities), input = inputOf(Math.min(CHUNK, total), dim);
  const x = uploadTensor(device, input.label, input.shape, input.dtype);
  try {
    const logits = recordLogits(recorder, x, probe), plan = await recorder.compile(pipelines);
    try {
      for (let from = 0; from < total; from += CHUNK) {
        signal?.throwIfAborted();
        const count = Math.min(CHUNK, total - from);
        const chunk = rows.subarray(from * dim, (from + count) * dim) as Float32Array<ArrayBuffer>;
        device.queue.writeBuffer(x.storage.buffer, 0, chunk);
        plan.replay();
        const values = await readFloats(device, logits);
        for (let n = 0; n < count; n++) visit(values.subarray(n * classes, (n + 1) * classes), from + n);
      }
    } finally {
      plan.destroy();
    }
  } finally {
    x.storage.buffer.destroy();
  }
}

/**
 * Bytes of GPU memory that `probeAccuracy` takes while it runs, beside the probe's own. Allocates nothing.
 *
 * @throws {OutOfMemoryError} If a tensor exceeds what the device binds.
 */
export function probeBytes(
  { device, capabilities }: PipelineCache,
  { rows, dim, classes }: { rows: number; dim: number; classes: number },
): number {
  const recorder = new Recorder(capabilities), x = inputOf(Math.min(CHUNK, rows), dim);
  recordLogits(recorder, x, {
    weight: { label: "probe.weight", shape: [classes, dim], dtype: "f32" },
    bias: { label: "probe.bias", shape: [classes], dtype: "f32" },
  });
  return byteLength(x) + recorder.memory(device.limits).bytes;
}

const inputOf = (rows: number, dim: number): Tensor => ({
  label: "probe.embeddings",
  shape: [rows, dim],
  dtype: "f32",
});

const recordLogits = (recorder: Recorder, x: Tensor, { weight, bias }: Probe): Tensor =>
  recorder.keep(recordLinear(recorder, "probe", x, weight, bias).y);

/** The index of the largest value, the lower of equal ones; −1 where none is a number. */
function largest(values: Float32Array): number {
  let best = -1;
  for (let i = 0; i < values.length; i++) if (values[i] > (values[best] ?? -Infinity)) best = i;
  return best;
}
