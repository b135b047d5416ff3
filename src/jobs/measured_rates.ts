import type { Job, JobKind } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";

/** What a job's speed depends on. */
export interface Pace {
  kind: JobKind;
  arch: string;
  px: number;
  /** Images that go through the networks at once; null where that is no choice of the job's. */
  batch: number | null;
  precision: string;
}
/** A job that has run, and how fast. */
export interface MeasuredRate extends Pace {
  job: string;
  images_per_s: number;
}

/** Jobs that are looked at: the newest. */
const MAX_JOBS = 200;
/** The first step or two are the driver's, which compiles in them. */
const LEAST_STEPS = 3;
/** Forward passes that an image costs: two views through the online network, there and back, and through the target's; one. */
export const PASSES: Record<JobKind, number> = {
  pretrain: 8,
  finetune: 3,
  knn: 1,
  linear_probe: 1,
  embed: 1,
};
const TRAINS: readonly JobKind[] = ["pretrain", "finetune"];

/** What a job's speed depends on; undefined if its checkpoint is gone. */
export function paceOf(store: Store, { kind, config }: Pick<Job, "kind" | "config">): Pace | undefined {
  if (TRAINS.includes(kind)) {
    const { arch, px, batch, micro_batch, precision = "f32" } = config;
    return {
      ...{ kind, arch: String(arch), px: Number(px) },
      ...{ batch: Number(micro_batch ?? batch), precision: String(precision) },
    };
  }
  const checkpoint = store.getCheckpoint(String(config.checkpoint));
  return checkpoint && { kind, arch: checkpoint.arch, px: checkpoint.px, batch: null, precision: "f32" };
}

/** The rates that jobs have shown on this server, newest first; of kinds that do work of the same sort. */
export function measuredRates(store: Store, kind: JobKind): MeasuredRate[] {
  const alike = TRAINS.includes(kind);
  return store.listJobs({}, { limit: MAX_JOBS }).data.flatMap((job) => {
    const { progress, result } = job;
    if (TRAINS.includes(job.kind) !== alike || !progress || progress.step < LEAST_STEPS) return [];
    const told = Number(result?.images_per_s ?? progress.images_per_s), pace = paceOf(store, job);
    return pace && Number.isFinite(told) && told > 0 ? [{ ...pace, job: job.id, images_per_s: told }] : [];
  });
}

/**
 * The rate that a job may be expected to have, by the measured one that is the nearest: of its own kind and precision first,
 * then of the net whose arithmetic is the least different, then of the nearest batch, then the newest.
 *
 * @param flops Of one image, forward: the job's own net's, then each measured one's.
 */
export function expectRate(
  wanted: Pace,
  measured: readonly MeasuredRate[],
  [own, ...theirs]: readonly number[],
): { images_per_s: number; from: MeasuredRate; ratio: number } | undefined {
  let best: { distance: number; from: MeasuredRate; ratio: number } | undefined;
  for (const [i, from] of measured.entries()) {
    const ratio = (own * PASSES[wanted.kind]) / (theirs[i] * PASSES[from.kind]);
    const batches = Math.abs(Math.log2((wanted.batch ?? 1) / (from.batch ?? 1)));
    const other = Number(from.kind !== wanted.kind) + Number(from.precision !== wanted.precision);
    const distance = 100 * other + 4 * Math.abs(Math.log2(own / theirs[i])) + batches / 10;
    if (!best || distance < best.distance) best = { distance, from, ratio };
  }
  return best && { images_per_s: best.from.images_per_s / best.ratio, from: best.from, ratio: best.ratio };
}
