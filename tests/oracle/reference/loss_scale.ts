export interface LossScaleState {
  scale: number;
  invScale: number;
  finite: number;
  goodSteps: number;
  skippedSteps: number;
}

/**
 * What torch.cuda.amp.GradScaler makes of a step (growth factor 2, backoff factor 0.5), within bounds of our own: the
 * scale stays 1 … 2^24.
 */
export function lossScaleStep(
  { scale, goodSteps, skippedSteps }: LossScaleState,
  finite: boolean,
  growthInterval: number,
): LossScaleState {
  const divided = { invScale: 1 / scale, finite: Number(finite) };
  if (!finite) {
    return { ...divided, scale: Math.max(1, scale / 2), goodSteps: 0, skippedSteps: skippedSteps + 1 };
  }
  if (goodSteps + 1 < growthInterval) return { ...divided, scale, goodSteps: goodSteps + 1, skippedSteps };
  return { ...divided, scale: Math.min(2 ** 24, 2 * scale), goodSteps: 0, skippedSteps };
}
