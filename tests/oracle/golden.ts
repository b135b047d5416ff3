import { decodeSafetensors } from "../../src/checkpoint/safetensors.ts";
import type { NamedTensors } from "../../src/domain/tensor_data.ts";
import type { Values } from "./oracle.ts";

const GOLDEN = new URL("../golden/", import.meta.url);

/** A file of tests/golden. */
export const goldenTensors = (name: string): NamedTensors =>
  decodeSafetensors(Deno.readFileSync(new URL(`${name}.safetensors`, GOLDEN)));
// deno-lint-ignore no-explicit-any
export const goldenJson = (name: string): any =>
  JSON.parse(Deno.readTextFileSync(new URL(`${name}.json`, GOLDEN)));

const tensors = goldenTensors("ops"), params = goldenJson("ops");

export interface GoldenCase {
  index: number;
  // deno-lint-ignore no-explicit-any
  params: any;
  /** PyTorch's inputs and results by name, channels last: images [N, H, W, C], filters [K, R, S, C]. */
  tensors: Record<string, Values>;
}

/** What PyTorch made of `op`, case by case. */
export function goldenCases(op: string): GoldenCase[] {
  return (params[op] as unknown[]).map((given, index) => {
    const prefix = `${op}.${index}.`, found: Record<string, Values> = {};
    for (const [name, { shape, data }] of tensors) {
      if (!name.startsWith(prefix)) continue;
      const values = Float64Array.from(data as ArrayLike<number | bigint>, Number);
      found[name.slice(prefix.length)] = shape.length === 4
        ? channelsLast(shape, values)
        : { shape, data: values };
    }
    return { index, params: given, tensors: found };
  });
}

/** [N, C, H, W] as [N, H, W, C]. */
export function channelsLast([N, C, H, W]: readonly number[], data: Float64Array): Values {
  const pixels = H * W, moved = new Float64Array(data.length);
  for (let n = 0; n < N; n++) {
    for (let c = 0; c < C; c++) {
      for (let p = 0; p < pixels; p++) moved[(n * pixels + p) * C + c] = data[(n * C + c) * pixels + p];
    }
  }
  return { shape: [N, H, W, C], data: moved };
}
