import source from "../../kernels/pad_channels.wgsl" with { type: "text" };
import { eachPart, placeOf } from "../gpu/parts.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elementCount, elemOf, type Tensor } from "../gpu/tensor.ts";

/**
 * Records a copy of `x` with `channels` channels: zeros are added behind the last, or the last ones are dropped.
 *
 * @param x `[…, C]`.
 * @returns `[…, channels]`, overwritten on every replay; `x` itself where it has as many.
 */
export function recordPadChannels(recorder: Recorder, label: string, x: Tensor, channels: number): Tensor {
  const own = x.shape.at(-1)!;
  if (own === channels) return x;
  const y = recorder.alloc(`${label}.padded`, [...x.shape.slice(0, -1), channels], x.dtype, x);
  eachPart([x, y], ([x, y]) => {
    const length = elementCount(y.shape), { bound, start } = placeOf(x);
    const overrides = { LENGTH: length, X_C: own, Y_C: channels, ...start > 0 && { FIRST: start } };
    recorder.dispatch(
      { name: "pad_channels", source, elem: elemOf(x), overrides },
      [bound, y],
      foldGrid(Math.ceil(length / 64)),
    );
  });
  return y;
}
