import type { ResolvedPretrainConfig } from "../domain/pretrain.ts";
import type { StepMetrics } from "./metrics.ts";

/** What a figure of several steps is: their mean, or the last one's, which counts or stands for where the run is. */
const NAMES = {
  loss: ["loss", "mean"],
  lossView1: ["loss_view1", "mean"],
  lossView2: ["loss_view2", "mean"],
  projectionStd: ["projection_std", "mean"],
  meanCosine: ["mean_cosine", "mean"],
  deadFeatures: ["dead_features", "mean"],
  gradientNorm: ["gradient_norm", "mean"],
  parameterNorm: ["parameter_norm", "last"],
  targetDistance: ["target_distance", "last"],
  targetCosine: ["target_cosine", "mean"],
  probeLoss: ["probe_loss", "mean"],
  probeTop1: ["probe_train_top1", "mean"],
  lossScale: ["loss_scale", "last"],
  skippedSteps: ["skipped_steps", "last"],
} as const satisfies Record<string, readonly [name: string, of: "mean" | "last"]>;

/**
 * The figures of steps that were made together, by the names that rows of metrics have. A mean is over the steps that have a
 * finite value: a step that the loss scale skipped has no gradient norm.
 */
export function summarize(
  steps: readonly StepMetrics[],
  { precision }: Pick<ResolvedPretrainConfig, "precision">,
): Record<string, number> {
  const row: Record<string, number> = {};
  for (const [key, [name, of]] of Object.entries(NAMES)) {
    if (precision === "f32" && (key === "lossScale" || key === "skippedSteps")) continue;
    const values = steps.map((step) => step[key as keyof StepMetrics])
      .filter((value): value is number => value !== undefined && Number.isFinite(value));
    if (values.length === 0) continue;
    row[name] = of === "last" ? values.at(-1)! : values.reduce((a, b) => a + b, 0) / values.length;
  }
  return row;
}
