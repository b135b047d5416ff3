import type { ModelDescription } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { PipelineCache } from "../gpu/pipeline.ts";
import { sketchDevice } from "../gpu/sketch_device.ts";
import { Encoder } from "../inference/encoder.ts";
import { mebibytes } from "../training/fit.ts";
import type { Planning, Run } from "./run.ts";

/** What a job with a frozen encoder takes of the GPU's memory. */
export interface FrozenPlan {
  /** Images of the encoder's largest batch: what fits, and no choice of the job's. */
  images: number;
  /** At the most, with all of the encoder's plans made. */
  bytes: number;
  /** Why it is refused, if an image at a time is too much. */
  refusal?: DomainError;
}
/** Planning, and whose weights: the encoder's description. */
export type FrozenPlanning = Planning & { model: Pick<ModelDescription, "arch" | "preprocessing"> };
/** Bytes beside the encoder's, the most at once, by an encoder with the batch sizes that are tried. */
type Beside = (encoder: Encoder) => number;

/**
 * Plans a job that is about to run, on nothing but its device's limits, and tells what it will take.
 *
 * @throws {DomainError} `invalid`, type `does_not_fit`, or as `planKnn`.
 */
export function planFrozen(
  { pipelines: { device, capabilities }, memoryBudget, planned }: Run,
  of: Pick<FrozenPlanning, "reader" | "model">,
  plan: (planning: FrozenPlanning) => FrozenPlan,
): FrozenPlan {
  const pipelines = new PipelineCache(sketchDevice(device.limits), capabilities);
  const found = plan({ ...of, pipelines, memoryBudget });
  if (found.refusal) throw found.refusal;
  planned(found.bytes);
  return found;
}

/**
 * The largest batch sizes that fit, since a larger batch is faster and embeds to the same bits.
 *
 * @throws {DomainError} As `planKnn`.
 */
export function planByBatches(
  { pipelines, memoryBudget, model }: FrozenPlanning,
  beside: Beside,
): FrozenPlan {
  const { arch, preprocessing: { px } } = model, whole = Encoder.sketch(pipelines, arch, px);
  let plans = 0, best: FrozenPlan | undefined;
  for (const images of whole.batches) {
    plans += whole.planBytes(images);
    const bytes = whole.networkBytes + LEVELS_BYTES + plans +
      beside(Encoder.sketch(pipelines, arch, px, images));
    if (bytes > (memoryBudget ?? Infinity)) {
      if (best) break;
      const detail =
        `${arch} at ${px} px takes ${mebibytes(bytes)} of the GPU's memory, an image at a time, ` +
        `of which ${mebibytes(memoryBudget!)} may be taken`;
      const refusal = new DomainError("invalid", `Cannot embed images: ${detail}`, {
        type: "does_not_fit",
        errors: [{ pointer: "#/config/checkpoint", detail }],
      });
      return { images, bytes, refusal };
    }
    best = { images, bytes };
  }
  return best!;
}

/** What a `Preprocessor` keeps. */
const LEVELS_BYTES = 4 * 256 * 3;
