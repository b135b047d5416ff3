import deadSource from "../../kernels/dead_features.wgsl" with { type: "text" };
import source from "../../kernels/step_metrics.wgsl" with { type: "text" };
import type { Recorder } from "../gpu/recorder.ts";
import { elemOf, expectShape, type Tensor } from "../gpu/tensor.ts";
import { FigureRing } from "../training/figure_ring.ts";

/** Figures of one step. Those of images are means over its micro-batches; what is of views is of the online network. */
export interface StepMetrics {
  /** Both directions' loss, mean over the batch: 0 … 8. */
  loss: number;
  /** Of view 1's predictions against the target's view 2, and the other way round: 0 … 4 each. */
  lossView1: number;
  lossView2: number;
  /** Standard deviation of view 1's normalised projections, mean over dimensions: 1/√D when healthy, 0 when collapsed. */
  projectionStd: number;
  /** Mean cosine between the projections of different images' view 1: near 0 when healthy, 1 when collapsed. */
  meanCosine: number;
  /** Mean cosine between the online network's projection of view 1 and the target's of the same: 0.7 … 1 when healthy. */
  targetCosine: number;
  /** Share of the embedding's dimensions that are 0 for every image of a micro-batch, in both views. */
  deadFeatures: number;
  /** Of the online probe, where there is one: the mean cross-entropy of view 1's labelled images, and how many it gets right. */
  probeLoss?: number;
  probeTop1?: number;
  /** ‖gradient‖₂ of all online parameters, before weight decay; not finite where the step was skipped for that. */
  gradientNorm: number;
  /** ‖θ‖₂ of all online parameters, after the update. */
  parameterNorm: number;
  /** ‖θ − ξ‖₂ / ‖θ‖₂ over the parameters that the target has too, after the update. */
  targetDistance: number;
  /** What the next step's loss is multiplied by; 1 in f32. */
  lossScale: number;
  /** Steps so far whose gradients were not finite, and which therefore changed nothing. */
  skippedSteps: number;
}

/** A slot's figures in their order; the kernels write runs of them. */
const RING = new FigureRing(
  [
    ...["lossView1", "lossView2", "projectionStd", "meanCosine", "targetCosine", "deadFeatures"],
    ...["probeLoss", "probeTop1"],
    ...["gradientNorm", "parameterNorm", "targetDistance", "lossScale", "skippedSteps"],
  ] as const,
);

/** Where a kernel finds its figures in a slot: what it writes begins with `first`. */
export const figuresFrom = (first: "lossView1" | "probeLoss" | "gradientNorm") => RING.from(first);

/** The ring that steps' figures go to. @returns `[METRIC_SLOTS, figures]`, kept. */
export const allocMetricRing = (recorder: Recorder): Tensor => RING.alloc(recorder);

/** What a micro-batch's figures are of, and where they go. */
export interface MetricSources {
  /** `[2N]`. */
  rowLoss: Tensor;
  /** `[2N, D]`, the online network's. */
  projection: Tensor;
  /** Likewise, the target's. */
  targetProjection: Tensor;
  /** `[2N, dim]`, the online encoder's. */
  embedding: Tensor;
  /** The step parameters, which name the slot. */
  step: Tensor;
  /** As `allocMetricRing`'s. */
  ring: Tensor;
}

/**
 * Records a micro-batch's figures into its step's slot of the ring: those of the first overwrite, the others are added.
 *
 * @param microBatches Micro-batches of a step.
 * @throws {RangeError} If the shapes disagree.
 */
export function recordStepMetrics(
  recorder: Recorder,
  { rowLoss, projection, targetProjection, embedding, step, ring }: MetricSources,
  microBatches = 1,
): void {
  const [rows, D] = projection.shape, [, DIM] = embedding.shape, blocks = Math.ceil(DIM / 64);
  expectShape(rowLoss, [rows], "the rows' losses");
  expectShape(targetProjection, [rows, D], "the target's projections");
  expectShape(embedding, [rows, DIM], "the rows' embeddings");
  const dead = recorder.alloc("metrics.dead", [blocks]);
  recorder.dispatch(
    { name: "dead_features", source: deadSource, elem: elemOf(embedding), overrides: { ROWS: rows, DIM } },
    [embedding, dead],
    [blocks],
  );
  recorder.dispatch(
    {
      name: "step_metrics",
      source,
      elem: elemOf(projection),
      overrides: { N: rows / 2, D, DIM, SHARE: 1 / microBatches, ...figuresFrom("lossView1") },
    },
    [rowLoss, projection, targetProjection, dead, step, recorder.alloc("metrics.inv_norm", [rows / 2]), ring],
    [1],
  );
}

/**
 * Reads the figures of steps `from` … `to − 1`, at most METRIC_SLOTS of them. Waits for the GPU.
 *
 * @param options.probe Whether a probe's are among them.
 */
export async function readStepMetrics(
  device: GPUDevice,
  ring: Tensor,
  from: number,
  to: number,
  { probe = false }: { probe?: boolean } = {},
): Promise<StepMetrics[]> {
  const steps = await RING.read(device, ring, from, to);
  return steps.map(({ probeLoss, probeTop1, ...figures }) => {
    const loss = figures.lossView1 + figures.lossView2;
    return { loss, ...figures, ...probe && { probeLoss, probeTop1 } };
  });
}
