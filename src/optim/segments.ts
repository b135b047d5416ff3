import type { ParameterLayout } from "../gpu/parameters.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";

/** By what a kernel over flat parameters knows the tensor, and its kind, that an element belongs to. */
export interface Segments {
  /** `[segments, 3]` u32: offset, length, and 1 for weights; 0 for what decay and LARS leave alone (byol.md §A5). */
  segments: Tensor;
  /** `[length / 64]` u32: the segment of each block of 64 elements. */
  blockSegment: Tensor;
}

/** Uploads a layout's tables; destroy their buffers when done. */
export function uploadSegments(device: GPUDevice, { slots, length }: ParameterLayout): Segments {
  const segments = Uint32Array.from(
    slots.flatMap((
      { offset, shape, kind },
    ) => [offset, shape.reduce((a, b) => a * b, 1), kind === "weight" ? 1 : 0]),
  );
  const blocks = new Uint32Array(length / 64);
  for (const [s, { offset }] of slots.entries()) blocks.fill(s, offset / 64);
  return {
    segments: uploadTensor(device, "optimizer.segments", [slots.length, 3], "u32", segments),
    blockSegment: uploadTensor(device, "optimizer.block_segment", [blocks.length], "u32", blocks),
  };
}
