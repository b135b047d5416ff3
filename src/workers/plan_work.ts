import { join } from "@std/path";
import { FileCheckpointLibrary } from "../checkpoint/checkpoint_reader.ts";
import { DatasetReader } from "../data/dataset_reader.ts";
import { DomainError, toFailure } from "../domain/errors.ts";
import type { PlannedMemory, PlanningTarget, PlanRequest, WorkPlan } from "../domain/planner.ts";
import type { Work } from "../domain/work.ts";
import { PipelineCache } from "../gpu/pipeline.ts";
import { sketchDevice } from "../gpu/sketch_device.ts";
import { encoderFlops } from "../inference/encoder_flops.ts";
import { type Fit, largestFit, refusalOf, tryBytes } from "../training/fit.ts";
import { countSteps } from "./count_steps.ts";
import { planFinetune } from "./finetune_task.ts";
import { planEmbed, planKnn, planLinearProbe } from "./frozen_kinds.ts";
import type { FrozenPlan, FrozenPlanning } from "./frozen_plan.ts";
import { planPretrain } from "./pretrain_task.ts";
import type { Planning } from "./run.ts";

/** The largest batch that a config may ask for. */
const LARGEST_BATCH = 8192;

/**
 * Works out what a job will take, by sizes alone: no GPU is asked, no kernel compiled, no weight read.
 *
 * @throws {DomainError} What the job would fail with, if that is not a lack of memory.
 */
export async function planWork(
  { dataDir, dataset, work, target, largest = false, nets = [] }: Omit<PlanRequest, "id">,
): Promise<WorkPlan> {
  const reader = DatasetReader.open(join(dataDir, "datasets", dataset));
  try {
    return {
      memory: target ? await planMemory({ dataDir, reader, work, target, largest }) : null,
      ...countSteps(work, reader),
      flops: nets.map(({ arch, px }) => encoderFlops(arch, px)),
    };
  } finally {
    reader.close();
  }
}

async function planMemory(
  { dataDir, reader, work, target, largest }: {
    dataDir: string;
    reader: DatasetReader;
    work: Work;
    target: PlanningTarget;
    largest: boolean;
  },
): Promise<PlannedMemory> {
  const pipelines = new PipelineCache(sketchDevice(target.limits), target.capabilities);
  const planning: Planning = { pipelines, reader, memoryBudget: target.budget ?? undefined };
  switch (work.kind) {
    case "pretrain":
      return await byBatch(planPretrain(work.config, planning), planning, largest);
    case "finetune":
      return await byBatch(planFinetune(work.config, planning), planning, largest);
    default: {
      const checkpoints = new FileCheckpointLibrary(join(dataDir, "checkpoints"));
      const frozen = { ...planning, model: await checkpoints.model(work.config.checkpoint) };
      return ofFrozen(() => planKind(work, frozen), target);
    }
  }
}

function planKind(
  work: Extract<Work, { kind: "knn" | "linear_probe" | "embed" }>,
  planning: FrozenPlanning,
): FrozenPlan {
  switch (work.kind) {
    case "knn":
      return planKnn(work.config, planning);
    case "linear_probe":
      return planLinearProbe(work.config, planning);
    case "embed":
      return planEmbed(work.config, planning);
  }
}

async function byBatch(
  { fit, most }: { fit: Fit; most: number },
  { pipelines: { device } }: Planning,
  largest: boolean,
): Promise<PlannedMemory> {
  const bytes = tryBytes(fit, fit.batch) ?? null, { budget, batch } = fit;
  const told = { bytes, available_bytes: budget ?? null };
  if (bytes !== null && bytes <= (budget ?? Infinity)) {
    const found = largest ? await largestFit(device, fit, Math.min(LARGEST_BATCH, most)) : undefined;
    return { ...told, fits: true, largest_batch: found ?? batch };
  }
  const found = await largestFit(device, fit, batch - 1);
  return {
    ...told,
    fits: false,
    largest_batch: found ?? null,
    refusal: toFailure(refusalOf(fit, found), ""),
  };
}

/** A job with a frozen encoder has no batch of its own: it takes the largest that fits. */
function ofFrozen(plan: () => FrozenPlan, { budget }: PlanningTarget): PlannedMemory {
  const told = { available_bytes: budget, largest_batch: null };
  try {
    const { bytes, refusal } = plan();
    return { ...told, bytes, fits: !refusal, ...refusal && { refusal: toFailure(refusal, "") } };
  } catch (error) {
    if (!(error instanceof DomainError) || error.options.type !== "model_too_large") throw error;
    return { ...told, bytes: null, fits: false, refusal: toFailure(error, "") };
  }
}
