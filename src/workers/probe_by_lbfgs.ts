import type { LinearProbeConfig } from "../domain/linear_probe.ts";
import type { HeadsWorker, SweepPoint } from "../evaluation/heads_worker.ts";
import type { LabelledEmbeddings } from "../evaluation/knn.ts";
import type { FrozenEncoder } from "./frozen_encoder.ts";
import type { ProbeData, ProbeFit } from "./probe_data.ts";

/**
 * The transfer protocol (byol.md §B1): embeddings once, without augmentation; logistic regression for each lambda, the best
 * on what is held out, of equal ones the largest lambda; then once more on all labels, as far as it goes.
 */
export async function trainByLbfgs(
  { encoder: { dim } }: FrozenEncoder,
  thread: HeadsWorker,
  { classes: { length: classes }, train: trainItems, held: heldItems, embed, progress }: ProbeData,
  { lambdas, max_iterations: maxIterations, tolerance }: NonNullable<LinearProbeConfig["lbfgs"]>,
): Promise<ProbeFit> {
  const train = await embed(trainItems),
    held = await embed(heldItems),
    common = { dim, classes, maxIterations };
  let told = 0;
  const sweep = await thread.ask("sweep", { ...common, tolerance, train, held, lambdas }, (share) => {
    progress.step(share * lambdas.length - told);
    told = share * lambdas.length;
  });
  const { lambda } = sweep.reduce((best, point) => isBetter(point, best) ? point : best);
  const refit = { ...common, train: joined(train, held), lambda, tolerance: tolerance / 100 };
  const { head, loss, iterations, converged } = await thread.ask("fit", {
    ...refit,
    maxIterations: 10 * maxIterations,
  });
  progress.step(1);
  return {
    head,
    steps: iterations,
    told: {
      ...{ lambda, loss, iterations, converged, tolerance, max_iterations: maxIterations, sweep },
      objective: "sum of cross-entropies + lambda / 2 * |weight|^2, bias free",
      chosen_by: "top-1 on what is held out; of equal ones the largest lambda",
      augmentation: "none",
    },
  };
}

const isBetter = (a: SweepPoint, b: SweepPoint): boolean =>
  a.top1 > b.top1 || (a.top1 === b.top1 && a.lambda > b.lambda);

function joined(a: LabelledEmbeddings, b: LabelledEmbeddings): LabelledEmbeddings {
  const rows = new Float32Array(a.rows.length + b.rows.length),
    labels = new Int32Array(a.labels.length + b.labels.length);
  rows.set(a.rows);
  rows.set(b.rows, a.rows.length);
  labels.set(a.labels);
  labels.set(b.labels, a.labels.length);
  return { rows, labels };
}
