import addBiasSource from "../../kernels/add_bias.wgsl" with { type: "text" };
import biasGradientSource from "../../kernels/bias_gradient.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, reshape, type Tensor } from "../gpu/tensor.ts";
import { recordConv2d, recordConv2dBackward } from "./conv2d.ts";
import type { Conv2dSaved } from "./conv2d_sizes.ts";
import { elementwiseGrid, MAX_SLICED_ROWS, slicesOf, vectorOf } from "./elementwise.ts";

export interface LinearSaved {
  conv: Conv2dSaved;
  N: number;
  outputs: number;
  inputs: number;
}

/**
 * Records `y = x · weightᵀ + bias`, as a 1×1 convolution over a batch laid out as one row of N pixels.
 *
 * @param x `[N, inputs]`, f32 or f16. @param weight `[outputs, inputs]`, f32. @param bias `[outputs]`, f32, or undefined.
 * @returns `y`, `[N, outputs]` of x's type, overwritten on every replay, and what backward needs.
 * @throws {RangeError} If shapes disagree, or there are more than 40,960 inputs.
 */
export function recordLinear(
  recorder: Recorder,
  label: string,
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
): { y: Tensor; saved: LinearSaved } {
  const [N, inputs] = x.shape, [outputs] = weight.shape;
  expectShape(x, [N, inputs], "a linear layer's input");
  expectShape(weight, [outputs, inputs], "a linear layer's weight");
  const conv = recordConv2d(
    recorder,
    label,
    reshape(x, [1, 1, N, inputs]),
    reshape(weight, [outputs, 1, 1, inputs]),
    { stride: 1, padding: 0 },
  );
  const product = reshape(conv.y, [N, outputs]);
  const saved = { conv: conv.saved, N, outputs, inputs };
  if (!bias) return { y: product, saved };
  expectShape(bias, [outputs], "a bias");
  const y = recorder.alloc(`${label}.biased`, [N, outputs], x.dtype);
  const vector = vectorOf(outputs), VECTORS = outputs / vector, overrides = { LENGTH: N * VECTORS, VECTORS };
  recorder.dispatch(
    { name: "add_bias", source: addBiasSource, elem: elemOf(x), vector, overrides },
    [product, bias, y],
    elementwiseGrid(N * VECTORS),
  );
  return { y, saved };
}

/**
 * Records the gradients of `recordLinear`: `dx = dy · weight`, `dWeight += dyᵀ · x`, `dBias += Σ dy`.
 *
 * @param dy `[N, outputs]`, of x's type. @param dWeight `[outputs, inputs]`, f32, accumulated into; `dBias` likewise.
 * @returns `dx`, `[N, inputs]`, overwritten.
 */
export function recordLinearBackward(
  recorder: Recorder,
  label: string,
  saved: LinearSaved,
  dy: Tensor,
  dWeight: Tensor,
  dBias?: Tensor,
): Tensor {
  const dx = recordGradients(recorder, label, saved, dy, dWeight, dBias, true)!;
  return reshape(dx, [saved.N, saved.inputs]);
}

/** As `recordLinearBackward`, of the parameters only: nothing goes back to the input (a stop-gradient). */
export function recordLinearParameterGradients(
  recorder: Recorder,
  label: string,
  saved: LinearSaved,
  dy: Tensor,
  dWeight: Tensor,
  dBias?: Tensor,
): void {
  recordGradients(recorder, label, saved, dy, dWeight, dBias, false);
}

function recordGradients(
  recorder: Recorder,
  label: string,
  { conv, N, outputs, inputs }: LinearSaved,
  dy: Tensor,
  dWeight: Tensor,
  dBias: Tensor | undefined,
  needsInput: boolean,
): Tensor | undefined {
  expectShape(dy, [N, outputs], "a linear layer's output gradient");
  for (let FIRST_ROW = 0; dBias && FIRST_ROW < N; FIRST_ROW += MAX_SLICED_ROWS) {
    const END_ROW = Math.min(FIRST_ROW + MAX_SLICED_ROWS, N);
    const vector = vectorOf(outputs), VECTORS = outputs / vector;
    const slices = slicesOf(recorder, END_ROW - FIRST_ROW, VECTORS);
    const overrides = { FIRST_ROW, END_ROW, VECTORS, ...slices };
    recorder.dispatch(
      { name: "bias_gradient", source: biasGradientSource, elem: elemOf(dy), vector, overrides },
      [dy, dBias],
      foldGrid(Math.ceil(VECTORS / slices.CHANNEL_LANES)),
    );
  }
  return recordConv2dBackward(
    recorder,
    label,
    conv,
    reshape(dy, [1, 1, N, outputs]),
    reshape(dWeight, [outputs, 1, 1, inputs]),
    needsInput,
  );
}
