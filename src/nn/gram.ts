import type { Recorder } from "../gpu/recorder.ts";
import { reshape, type Tensor } from "../gpu/tensor.ts";
import { recordConv2dWeightGradient } from "./conv2d_weight_gradient.ts";

/** Rows must be whole multiples: the sum over them is split at these. */
export const GRAM_ROWS = 64;

/**
 * Records `gram += xᵀ · x`, as the weight gradient of a 1×1 convolution whose input is its output's gradient.
 *
 * @param x `[N, D]` f32, N a multiple of GRAM_ROWS and D of 4. @param gram `[D, D]` f32, accumulated into.
 * @throws {RangeError} If they are not.
 */
export function recordGram(recorder: Recorder, label: string, x: Tensor, gram: Tensor): void {
  const [N, D] = x.shape;
  if (N % GRAM_ROWS !== 0 || D % 4 !== 0) {
    throw new RangeError(
      `Cannot multiply ${x.label}: rows must be a multiple of ${GRAM_ROWS} and columns of 4, got [${x.shape}]`,
    );
  }
  const pixels = reshape(x, [1, N / GRAM_ROWS, GRAM_ROWS, D]), weight = reshape(gram, [D, 1, 1, D]);
  const saved = { x: pixels, vectors: pixels, weight, options: { stride: 1, padding: 0 } };
  recordConv2dWeightGradient(recorder, label, saved, pixels, weight);
}
