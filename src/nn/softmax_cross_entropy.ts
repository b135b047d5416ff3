import source from "../../kernels/softmax_cross_entropy.wgsl" with { type: "text" };
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { expectShape, type Tensor } from "../gpu/tensor.ts";

/**
 * Records the cross-entropy of each row's softmax with its label, `log Σ exp(z) − z[label]`, and its gradient.
 *
 * @param logits `[N, C]`, finite.
 * @param labels `[N]` u32. A label of C or more (an item without a class, say) takes its row out: loss and gradient 0.
 * @param scale Of the gradient: that of `scale` × the sum of the rows' losses; 1/N by default, their mean.
 * @returns `rowLoss`, `[N]`, and `dLogits`, `[N, C]`; both overwritten.
 * @throws {RangeError} If `logits` is not of rank 2, or the shapes disagree. @throws {TypeError} If labels are not u32.
 */
export function recordSoftmaxCrossEntropy(
  recorder: Recorder,
  label: string,
  logits: Tensor,
  labels: Tensor,
  scale = 1 / logits.shape[0],
): { rowLoss: Tensor; dLogits: Tensor } {
  const [N, C] = logits.shape;
  expectShape(logits, [N, C], "logits");
  expectShape(labels, [N], "labels");
  if (labels.dtype !== "u32") {
    throw new TypeError(`Cannot use ${labels.label} as labels: they must be u32, got ${labels.dtype}`);
  }
  const rowLoss = recorder.alloc(`${label}.row_loss`, [N]), dLogits = recorder.alloc(`${label}.dx`, [N, C]);
  recorder.dispatch(
    { name: "softmax_cross_entropy", source, overrides: { N, C, SCALE: scale } },
    [logits, labels, rowLoss, dLogits],
    foldGrid(N),
  );
  return { rowLoss, dLogits };
}
