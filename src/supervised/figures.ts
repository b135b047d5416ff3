import { FigureRing } from "../training/figure_ring.ts";

/** Figures of one step, in a slot's order; the kernels write runs of them. There is nothing to be distant from. */
export const FIGURES = new FigureRing(
  [
    ...["loss", "top1"],
    ...["gradientNorm", "parameterNorm", "distance", "lossScale", "skippedSteps"],
  ] as const,
);
export type StepFigures = Awaited<ReturnType<typeof FIGURES.read>>[number];

/** The figures of steps that were made together, by the names that rows of metrics have: means, and the last norm. */
export function summarize(steps: readonly StepFigures[]): Record<string, number> {
  const mean = (of: (step: StepFigures) => number) => steps.reduce((sum, s) => sum + of(s), 0) / steps.length;
  return {
    loss: mean(({ loss }) => loss),
    train_top1: mean(({ top1 }) => top1),
    gradient_norm: mean(({ gradientNorm }) => gradientNorm),
    parameter_norm: steps.at(-1)!.parameterNorm,
  };
}
