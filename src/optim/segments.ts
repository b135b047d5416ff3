import type { FlatBuffer, LayoutPart } from "../gpu/parameters.ts";
import { elementCount, type Tensor } from "../gpu/tensor.ts";
import { uploadTensor } from "../gpu/upload.ts";

/**
 * A part of the flat parameters, and by what its kernels know the tensor ("segment"), and its kind, that an element
 * belongs to. Segments and elements are counted from the part's own start, so that parts need no kernels of their own.
 */
export interface SegmentPart extends LayoutPart {
  /**
   * `[length / 64]` u32: of each block of 64 elements, twice its segment, plus 1 for weights; what decay and LARS leave
   * alone, biases and norms, has 0 (byol.md §A5).
   */
  blockSegment: Tensor;
}

/** By what LARS sums over the weights of a part. */
export interface SegmentChunks {
  /** `[chunks, 2]` u32: a chunk's first element, and how many it has. No chunk has elements of two segments. */
  chunks: Tensor;
  /** `[segments, 2]` u32: a segment's first chunk, and how many it has: none but for weights. */
  segmentChunks: Tensor;
}

/** Elements of a chunk: enough to be worth a workgroup, few enough that every large weight has many. */
export const CHUNK = 4096;

/**
 * Uploads the tables of each part of a flat buffer; destroy their buffers when done.
 *
 * @param fixed Weights, by name, that do not decay either.
 */
export function uploadSegments(
  { device, parts }: FlatBuffer,
  fixed: (name: string) => boolean = () => false,
): SegmentPart[] {
  return parts.map((part) => {
    const blocks = new Uint32Array(part.length / 64);
    for (const [s, { name, offset, kind }] of part.slots.entries()) {
      blocks.fill(2 * s + Number(kind === "weight" && !fixed(name)), (offset - part.offset) / 64);
    }
    const blockSegment = uploadTensor(device, "optimizer.block_segment", [blocks.length], "u32", blocks);
    return { ...part, blockSegment };
  });
}

/** Uploads a part's tables of chunks; destroy their buffers when done. */
export function uploadChunks(device: GPUDevice, { offset: start, slots }: LayoutPart): SegmentChunks {
  const chunks: number[] = [], segments: number[] = [];
  for (const { offset, kind, shape } of slots) {
    const length = kind === "weight" ? elementCount(shape) : 0, first = chunks.length / 2;
    for (let from = 0; from < length; from += CHUNK) {
      chunks.push(offset - start + from, Math.min(CHUNK, length - from));
    }
    segments.push(first, chunks.length / 2 - first);
  }
  if (chunks.length === 0) chunks.push(0, 0); // no binding may be empty
  const upload = (label: string, pairs: number[]) =>
    uploadTensor(device, label, [pairs.length / 2, 2], "u32", Uint32Array.from(pairs));
  return {
    chunks: upload("optimizer.chunks", chunks),
    segmentChunks: upload("optimizer.segment_chunks", segments),
  };
}
