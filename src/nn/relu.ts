import source from "../../kernels/relu_backward.wgsl" with { type: "text" };
import type { Recorder } from "../gpu/recorder.ts";
import { elementCount, expectShape, type Tensor } from "../gpu/tensor.ts";
import { elementwiseGrid } from "./elementwise.ts";

/**
 * Records `dx = dy` where `y > 0` and 0 elsewhere. Forward is fused into BatchNorm (`recordBatchNormTrain`).
 *
 * @param y The rectified output. @param dy of y's shape.
 * @returns `dx` of y's shape, overwritten.
 */
export function recordReluBackward(recorder: Recorder, label: string, y: Tensor, dy: Tensor): Tensor {
  expectShape(dy, y.shape, "a rectifier's output gradient");
  const dx = recorder.alloc(`${label}.relu.dx`, y.shape), length = elementCount(y.shape);
  recorder.dispatch(
    { name: "relu_backward", source, overrides: { LENGTH: length } },
    [y, dy, dx],
    elementwiseGrid(length),
  );
  return dx;
}
