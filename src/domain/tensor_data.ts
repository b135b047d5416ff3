/** A named array outside the GPU: row-major f32 values (or i64 for counters). */
export interface TensorData {
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}
export type NamedTensors = Map<string, TensorData>;
