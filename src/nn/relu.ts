import source from "../../kernels/relu_backward.wgsl" with { type: "text" };
import type { Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, expectLike, type Tensor } from "../gpu/tensor.ts";
import { elementwiseGrid } from "./elementwise.ts";

/**
 * Records `dx = dy` where `y > 0` and 0 elsewhere. Forward is fused into BatchNorm (`recordBatchNormTrain`).
 *
 * @param y The rectified output. @param dy of y's shape and type.
 * @returns `dx`, like y, overwritten.
 */
export function recordReluBackward(recorder: Recorder, label: string, y: Tensor, dy: Tensor): Tensor {
  expectLike(dy, y, "a rectifier's output gradient");
  const dx = recorder.alloc(`${label}.relu.dx`, y.shape, y.dtype), length = elementCount(y.shape);
  recorder.dispatch(
    { name: "relu_backward", source, elem: elemOf(y), overrides: { LENGTH: length } },
    [y, dy, dx],
    elementwiseGrid(length),
  );
  return dx;
}
