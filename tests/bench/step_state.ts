import { ByolState } from "../../src/byol/state.ts";
import { stepMemory } from "../../src/byol/step.ts";
import { expectBindable } from "../../src/gpu/allocate.ts";
import { PipelineCache } from "../../src/gpu/pipeline.ts";
import { sketchDevice } from "../../src/gpu/sketch_device.ts";
import { byteLength, type Tensor } from "../../src/gpu/tensor.ts";
import { LossScale } from "../../src/optim/loss_scale.ts";
import { largestFit } from "../../src/training/fit.ts";
import type { StepCase } from "./cases.ts";
import type { Bench } from "./training.ts";

/** The largest batch that a job may ask for. */
const MOST = 8192;
/** What a driver takes beside what is planned, as a share. */
const SPARE = 1.05;

/** What a step of this case trains: by LARS, as the peers do. */
export function openStepState(
  device: GPUDevice,
  { arch, hidden, out, precision }: Omit<StepCase, "px" | "batch">,
): ByolState {
  const optimizer = { name: "lars", weightDecay: 1.5e-6, momentum: 0.9, trustCoefficient: 1e-3 } as const;
  const heads = { projector: { hidden, out }, predictor: { hidden } };
  const lossScale = precision === "mixed" ? LossScale.dynamic(device) : undefined;
  return new ByolState(device, { arch, ...heads }, optimizer, lossScale);
}

/** Ready views, in place of augmented ones. */
export const viewsOf = ({ batch, px, precision }: StepCase): Tensor => ({
  label: "views",
  shape: [2 * batch, px, px, 3],
  dtype: precision === "mixed" ? "f16" : "f32",
});

/**
 * The largest batch of a step that the device binds and has the memory for: planned by sizes, and asked for of the device.
 *
 * @returns Its bytes too; undefined if none fits.
 */
export async function largestBatch(
  { device, capabilities }: Bench,
  shape: Omit<StepCase, "batch">,
): Promise<{ batch: number; bytes: number } | undefined> {
  const sketch = new PipelineCache(sketchDevice(device.limits), capabilities);
  const state = openStepState(sketch.device, shape);
  const bytesAt = (batch: number) => {
    const views = viewsOf({ ...shape, batch });
    expectBindable(device.limits, views);
    const planned = stepMemory(sketch, state, () => views).bytes + byteLength(views) + state.bytes;
    return Math.ceil(SPARE * planned);
  };
  const batch = await largestFit(device, { batch: MOST, bytesAt, budget: undefined }, MOST);
  return batch === undefined ? undefined : { batch, bytes: Math.round(bytesAt(batch) / SPARE) };
}
