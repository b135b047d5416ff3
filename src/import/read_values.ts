import type { ForeignDtype, PlacedTensor } from "../checkpoint/safetensors.ts";
import type { FieldError } from "../domain/errors.ts";
import type { NamedTensors } from "../domain/tensor_data.ts";
import { about, type MatchedTensors, wrongTensors } from "./match_tensors.ts";

/**
 * Reads a model's values, as f32 whatever they are in the file. They are in memory whole; nothing else of the file is.
 *
 * @throws {DomainError} `invalid`, type `wrong_tensors`, listing every tensor with values that no encoder works with: NaN,
 *   infinite, or variances below 0.
 */
export function readValues(file: Deno.FsFile, { floats, counters }: MatchedTensors): NamedTensors {
  const model: NamedTensors = new Map(), wrong: FieldError[] = [];
  for (const [name, tensor] of floats) {
    const data = toFloats(readBytes(file, tensor), tensor.dtype), fault = faultIn(data, name);
    if (fault) wrong.push(about(tensor, fault));
    model.set(name, { shape: tensor.shape, data });
  }
  for (const [name, tensor] of counters) {
    const data = tensor ? new BigInt64Array(readBytes(file, tensor).buffer) : new BigInt64Array(1);
    model.set(name, { shape: [], data });
  }
  if (wrong.length > 0) throw wrongTensors("some of its values are of no use", wrong);
  return model;
}

/** Bytes from `begin` to `end` of a file. @throws {Error} If it is shorter than it was. */
export function readBytes(
  file: Deno.FsFile,
  { begin, end }: { begin: number; end: number },
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(end - begin);
  file.seekSync(begin, Deno.SeekMode.Start);
  for (let at = 0; at < bytes.length;) {
    const got = file.readSync(bytes.subarray(at));
    if (got === null) throw new Error(`Cannot read an upload: it ends after ${begin + at} bytes`);
    at += got;
  }
  return bytes;
}

/** Little-endian values of `F32`, `F16` or `BF16` as f32: every one of them is one. */
function toFloats(
  { buffer }: Uint8Array<ArrayBuffer>,
  dtype: PlacedTensor<ForeignDtype>["dtype"],
): Float32Array<ArrayBuffer> {
  if (dtype === "F32") return new Float32Array(buffer);
  if (dtype === "F16") return new Float32Array(new Float16Array(buffer));
  const bits = Uint32Array.from(new Uint16Array(buffer), (upper) => upper << 16); // the upper half of an f32
  return new Float32Array(bits.buffer);
}

function faultIn(data: Float32Array, name: string): string | undefined {
  const isVariance = name.endsWith("running_var");
  for (let i = 0; i < data.length; i++) {
    if (!Number.isFinite(data[i])) return `must be finite, got ${data[i]} at ${i}`;
    if (isVariance && data[i] < 0) return `must not be negative, got ${data[i]} at ${i}`;
  }
}
