import correctSource from "../../kernels/probe_correct.wgsl" with { type: "text" };
import metricsSource from "../../kernels/probe_metrics.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import type { FigurePlace } from "./figure_ring.ts";

/** The label of an image that has no class. */
export const NO_CLASS = 0xffff_ffff;

/**
 * Records two figures of a micro-batch's classification into its step's slot of the ring: the mean loss of the rows that
 * have a class, and the share of them whose largest logit is their label's.
 *
 * @param sources `logits` `[N, C]` f32; `labels` `[N]` u32, C or more for none; `rowLoss` `[N]`.
 * @param step The step parameters, which name the slot. @param place Where the two stand in it.
 * @param microBatches Micro-batches of a step: figures of the first overwrite, the others are added.
 */
export function recordLabelFigures(
  recorder: Recorder,
  { logits, labels, rowLoss }: { logits: Tensor; labels: Tensor; rowLoss: Tensor },
  { step, ring, place }: { step: Tensor; ring: Tensor; place: FigurePlace },
  microBatches = 1,
): void {
  const [N, C] = logits.shape, correct = recorder.alloc("probe.correct", [N]);
  recorder.dispatch(
    { name: "probe_correct", source: correctSource, overrides: { N, C } },
    [logits, labels, correct],
    foldGrid(N),
  );
  recorder.dispatch(
    { name: "probe_metrics", source: metricsSource, overrides: { N, C, SHARE: 1 / microBatches, ...place } },
    [rowLoss, correct, labels, step, ring],
    [1],
  );
}
