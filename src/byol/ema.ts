import source from "../../kernels/ema.wgsl" with { type: "text" };
import type { FlatBuffer } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { noLossScale } from "../optim/loss_scale.ts";

/** The target's decay at step k of `total`: cosine from `base` to 1 (byol.md §A4). */
export function targetDecay(k: number, total: number, base: number): number {
  return 1 - ((1 - base) * (Math.cos((Math.PI * k) / total) + 1)) / 2;
}

/**
 * Records `target ← target + (1 − tau)(online − target)` over the target's parameters; recorded after the optimiser's
 * step, so that it reads the new online weights. BatchNorm's statistics are not averaged: each network keeps its own.
 * One dispatch for each part of them that a binding holds.
 *
 * @param target Its layout is a prefix of `online`'s: encoder, then projector.
 * @param control A loss scale's state: where a step's gradients are not finite the target, too, stays as it is.
 */
export function recordEma(
  recorder: Recorder,
  online: FlatBuffer,
  target: FlatBuffer,
  step: Tensor,
  control: Tensor = noLossScale(recorder),
): void {
  for (const part of target.parts) {
    recorder.dispatch(
      { name: "ema", source },
      [online.part(part), step, control, target.part(part)],
      foldGrid(Math.ceil(part.length / 256)),
    );
  }
}
