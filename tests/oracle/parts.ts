import { partsOf } from "../../src/gpu/parts.ts";
import type { PipelineCache } from "../../src/gpu/pipeline.ts";
import type { Recorder } from "../../src/gpu/recorder.ts";
import type { Elem } from "../../src/gpu/specialize.ts";
import { elementCount, type Tensor } from "../../src/gpu/tensor.ts";
import { run, upload, type Values } from "./oracle.ts";

/** A tensor that lies in parts of so many images. */
export function uploadParts(
  { shape: [, ...row], data }: Values,
  sizes: readonly number[],
  label = "input",
  elem: Elem = "f32",
): Tensor {
  const each = elementCount(row);
  let at = 0;
  const parts = sizes.map((images, i) => {
    const shape = [images, ...row], values = { shape, data: data.slice(at * each, (at += images) * each) };
    return upload(values, `${label}/${i}`, elem);
  });
  return { label, shape: [at, ...row], dtype: elem, parts };
}

/** As `run`, of results that may lie in parts. */
export async function runWhole(
  record: (recorder: Recorder) => Tensor[],
  on?: PipelineCache,
): Promise<Float64Array[]> {
  let results: Tensor[] = [];
  const read = await run((recorder) => (results = record(recorder)).flatMap(partsOf), on);
  return results.map((result) => Float64Array.from(partsOf(result).flatMap(() => [...read.shift()!])));
}
