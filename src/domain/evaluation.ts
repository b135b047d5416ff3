import type { Checkpoint } from "./checkpoint.ts";
import type { Job } from "./job.ts";

/** Jobs that may judge a checkpoint: `finetune` the one that it began with, `embed` where it was asked for quality. */
export const EVALUATION_KINDS = ["knn", "linear_probe", "finetune", "embed"] as const;

/** One evaluation of a checkpoint: a row of the table that compares them. */
export interface Evaluation {
  object: "evaluation";
  checkpoint: string;
  /** The checkpoint's. */
  step: number;
  kind: typeof EVALUATION_KINDS[number] | "online_knn";
  /** What found it out: of an online one the job that made the checkpoint. */
  job: string;
  dataset: string;
  /** The split that it is of; null: all images. */
  split: string | null;
  /** Shares are 0 … 1. */
  metrics: Record<string, number>;
  /** What the figures depend on: those of other protocols do not compare. */
  protocol: Record<string, unknown>;
  created_at: string;
}

const SCORES = ["top1", "top5", "mean_per_class"] as const;
const QUALITY = ["rankme", "uniformity", "alignment", "feature_std"] as const;
/** What of a result is no protocol. */
const NO_PROTOCOL: readonly string[] = [
  ...[...SCORES, "per_class", "by_k", "sweep", "trials", "files", "quality", "checkpoint", "from_checkpoint"],
];

/**
 * All evaluations of a checkpoint: one of each job's, of `knn` with several k one of each, and the one that was made while it
 * was trained.
 *
 * @param jobs That have judged it and succeeded. @param maker The job that made the checkpoint.
 */
export function evaluationsOf(
  checkpoint: Checkpoint,
  jobs: readonly Job[],
  maker: Job | undefined,
): Evaluation[] {
  const online = maker && onlineOf(checkpoint, maker);
  return [...jobs.flatMap((job) => ofJob(checkpoint, job)), ...(online ? [online] : [])];
}

function ofJob({ id, step }: Checkpoint, job: Job): Evaluation[] {
  const { result, config } = job, kind = job.kind as Evaluation["kind"];
  if (!result) return [];
  const protocol = protocolOf(result);
  const row: Evaluation = {
    ...{ object: "evaluation", checkpoint: id, step, kind, job: job.id, dataset: job.dataset },
    split: (config.query_split ?? config.test_split ?? config.split ?? null) as string | null,
    metrics: { ...numbersOf(result, SCORES), ...numbersOf(result.quality, QUALITY) },
    protocol,
    created_at: job.finished_at ?? job.created_at,
  };
  if (Object.keys(row.metrics).length === 0) return [];
  const { by_k } = result;
  if (!Array.isArray(by_k) || by_k.length < 2) return [row];
  return by_k.map((of, i) => ({
    ...row,
    metrics: { ...(i === 0 ? row.metrics : {}), ...numbersOf(of, SCORES) },
    protocol: { ...protocol, k: of.k },
  }));
}

/** What a result says of itself besides figures; where it has a protocol of its own, that, with what was chosen. */
function protocolOf(result: Record<string, unknown>): Record<string, unknown> {
  const own = result.protocol;
  if (typeof own === "object" && own !== null) {
    const { chosen, ...rest } = own as Record<string, unknown>;
    return { ...rest, ...(chosen as object | undefined) };
  }
  return Object.fromEntries(
    Object.entries(result).filter(([name, value]) => !NO_PROTOCOL.includes(name) && value !== null),
  );
}

/** What was found out while it was trained: the last evaluation up to its step. */
function onlineOf({ id, step, metrics, created_at }: Checkpoint, maker: Job): Evaluation | undefined {
  const { knn_top1, knn_k, knn_temperature, probe_top1 } = metrics, { evaluate, split } = maker.config;
  if (knn_top1 === undefined) return undefined;
  return {
    ...{
      object: "evaluation",
      checkpoint: id,
      step,
      kind: "online_knn",
      job: maker.id,
      dataset: maker.dataset,
    },
    split: (evaluate as { split?: string } | null)?.split ?? null,
    metrics: { top1: knn_top1, ...(probe_top1 === undefined ? {} : { probe_top1 }) },
    protocol: {
      ...{ k: knn_k, temperature: knn_temperature, distance: "cosine", bank_split: split },
      made: "while it was trained, by the last evaluation up to its step",
    },
    created_at,
  };
}

function numbersOf(from: unknown, names: readonly string[]): Record<string, number> {
  const found = (from ?? {}) as Record<string, unknown>;
  return Object.fromEntries(
    names.flatMap((name) => typeof found[name] === "number" ? [[name, found[name]]] : []),
  );
}
