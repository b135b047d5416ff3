import source from "../../kernels/add.wgsl" with { type: "text" };
import { eachPart } from "../gpu/parts.ts";
import type { Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, expectLike, type Tensor } from "../gpu/tensor.ts";
import { elementwiseGrid, vectorOf } from "./elementwise.ts";

/** Records `a + b`, of one shape and type; overwritten on every replay. Its gradient is its output's, for both. */
export function recordAdd(recorder: Recorder, label: string, a: Tensor, b: Tensor): Tensor {
  expectLike(b, a, "a summand");
  const sum = recorder.alloc(`${label}.sum`, a.shape, a.dtype, a);
  eachPart([a, b, sum], ([a, b, sum]) => {
    const vector = vectorOf(elementCount(a.shape)), LENGTH = elementCount(a.shape) / vector;
    recorder.dispatch(
      { name: "add", source, elem: elemOf(a), vector, overrides: { LENGTH } },
      [a, b, sum],
      elementwiseGrid(LENGTH),
    );
  });
  return sum;
}
