import type { FlatBuffer, ParameterLayout } from "../gpu/parameters.ts";
import type { Recorder } from "../gpu/recorder.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { type AdamWOptions, AdamWState, recordAdamWUpdate } from "./adamw.ts";
import { type MomentumOptions, MomentumState, recordMomentumUpdate } from "./momentum.ts";

/** Which optimiser, and its constants; the rate comes with each step. */
export type OptimizerOptions = MomentumOptions | AdamWOptions;

/**
 * An optimiser's state: its options, and the buffers that it keeps from step to step, which start at zero, each with what
 * its parameters' names begin with in a checkpoint.
 */
export type Optimizer = MomentumState | AdamWState;

/** Makes the state of the optimiser that `options` name. @throws {RangeError} As its constructor. */
export function createOptimizer(
  device: GPUDevice,
  layout: ParameterLayout,
  options: OptimizerOptions,
  maxBindingBytes?: number,
): Optimizer {
  return options.name === "adamw"
    ? new AdamWState(device, layout, options, maxBindingBytes)
    : new MomentumState(device, layout, options, maxBindingBytes);
}

/**
 * Records one update of all parameters, in place, by whichever optimiser it is.
 *
 * @param step The step parameters; `step[0]` is the rate.
 * @param control A loss scale's state, after its check; without one, gradients are taken as they are.
 */
export function recordOptimizerUpdate(
  recorder: Recorder,
  optimizer: Optimizer,
  weights: FlatBuffer,
  gradients: FlatBuffer,
  step: Tensor,
  control?: Tensor,
): void {
  if (optimizer instanceof AdamWState) {
    recordAdamWUpdate(recorder, optimizer, weights, gradients, step, control);
  } else {
    recordMomentumUpdate(recorder, optimizer, weights, gradients, step, control);
  }
}
