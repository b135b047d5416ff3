/** Says of a step that it cannot be gone on from. @param figures Its loss, and the norm of its weights. */
export const notFinite = (
  step: number,
  { loss, parameterNorm }: { loss: number; parameterNorm: number },
): string =>
  `the loss of step ${step} is ${loss.toPrecision(4)}, and its weights' norm ${parameterNorm.toPrecision(4)}`;
