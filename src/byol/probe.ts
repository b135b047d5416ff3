import inputSource from "../../kernels/probe_input.wgsl" with { type: "text" };
import { FlatBuffer, ParameterLayout } from "../gpu/parameters.ts";
import { foldGrid, type Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { recordLinear, recordLinearParameterGradients } from "../nn/linear.ts";
import { recordSoftmaxCrossEntropy } from "../nn/softmax_cross_entropy.ts";
import { MomentumState, recordMomentumUpdate } from "../optim/momentum.ts";
import { recordLabelFigures } from "../training/label_figures.ts";
import { figuresFrom } from "./metrics.ts";

/**
 * The online probe: a linear classifier of view 1's embeddings, trained beside the network, to which no gradient of its
 * own goes back (the official code's stop-gradient; byol.md §A3). It tells while training what a linear evaluation would
 * afterwards. Everything starts at zero; SGD with momentum 0.9, without weight decay.
 */
export class Probe {
  /** `weight` `[classes, dim]` and `bias` `[classes]`. */
  readonly values: FlatBuffer;
  readonly gradients: FlatBuffer;
  readonly optimizer: MomentumState;
  /** What is kept from step to step, and what its parameters' names begin with in a checkpoint. */
  readonly buffers: readonly (readonly [prefix: string, buffer: FlatBuffer])[];

  /** @throws {RangeError} If there is no class. @throws {OutOfMemoryError} If the weight is larger than a binding. */
  constructor(readonly device: GPUDevice, readonly dim: number, readonly classes: number) {
    if (!(Number.isInteger(classes) && classes > 0)) {
      throw new RangeError(`Cannot make a probe: classes must be a positive integer, got ${classes}`);
    }
    const layout = new ParameterLayout();
    layout.add("weight", "weight", [classes, dim]);
    layout.add("bias", "bias", [classes]);
    this.values = new FlatBuffer(device, layout, "probe");
    this.gradients = new FlatBuffer(device, layout, "probe.gradients");
    // Its loss is never scaled: all of it is f32. Of the loss scale it takes only whether the step is applied.
    const options = {
      name: "sgd",
      weightDecay: 0,
      momentum: 0.9,
      trustCoefficient: 0,
      scaled: false,
    } as const;
    this.optimizer = new MomentumState(device, layout, options);
    this.buffers = [["probe.", this.values], ["optimizer.probe.momentum.", this.optimizer.momentum]];
  }

  destroy(): void {
    for (const part of [this.values, this.gradients, this.optimizer]) part.destroy();
  }
}

/**
 * Records the probe's part of a micro-batch: its logits, their loss, its gradients, accumulated, and its figures.
 *
 * @param embedding `[2N, dim]`: view 1's rows, which are classified, then view 2's. f32 or f16; the probe is f32.
 * @param labels `[N]` u32; NO_CLASS, or any number that is no class, takes an image out.
 * @param step The step parameters. @param ring As `allocMetricRing`'s.
 * @param microBatches Micro-batches of a step: the gradient is that of the mean over all of its images.
 * @throws {RangeError} If the shapes disagree. @throws {TypeError} If labels are not u32.
 */
export function recordProbe(
  recorder: Recorder,
  { values, gradients, dim }: Probe,
  { embedding, labels, step, ring }: { embedding: Tensor; labels: Tensor; step: Tensor; ring: Tensor },
  microBatches = 1,
): void {
  const [rows] = embedding.shape, N = rows / 2;
  expectShape(embedding, [rows, dim], "a probe's embeddings");
  const x = recorder.alloc("probe.x", [N, dim]);
  recorder.dispatch(
    { name: "probe_input", source: inputSource, elem: elemOf(embedding), overrides: { LENGTH: N * dim } },
    [embedding, x],
    foldGrid(Math.ceil((N * dim) / 64)),
  );
  const { y, saved } = recordLinear(recorder, "probe", x, values.view("weight"), values.view("bias"));
  const { rowLoss, dLogits } = recordSoftmaxCrossEntropy(
    recorder,
    "probe",
    y,
    labels,
    1 / (N * microBatches),
  );
  recordLinearParameterGradients(
    recorder,
    "probe",
    saved,
    dLogits,
    gradients.view("weight"),
    gradients.view("bias"),
  );
  const place = figuresFrom("probeLoss");
  recordLabelFigures(recorder, { logits: y, labels, rowLoss }, { step, ring, place }, microBatches);
}

/**
 * Records one update of the probe.
 *
 * @param params Step parameters of its own; `params[0]` is its rate.
 * @param control The loss scale's state, after its check: a step that is skipped changes the probe neither.
 */
export function recordProbeUpdate(
  recorder: Recorder,
  { optimizer, values, gradients }: Probe,
  params: Tensor,
  control?: Tensor,
): void {
  recordMomentumUpdate(recorder, optimizer, values, gradients, params, control);
}
