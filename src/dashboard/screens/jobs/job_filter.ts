import type { Schemas } from "../../../client/client.ts";

export type Job = Schemas["Job"];
export const KINDS = [
  "pretrain",
  "knn",
  "linear_probe",
  "finetune",
  "embed",
] as const satisfies Job["kind"][];
export const STATUSES = [
  "queued",
  "running",
  "paused",
  "succeeded",
  "failed",
  "cancelled",
] as const satisfies Job["status"][];
/** Those that may still change. */
export const ACTIVE = ["queued", "running", "paused"] as const satisfies Job["status"][];

/** How kinds are written where people read them. */
export const KIND_NAMES: Record<Job["kind"], string> = {
  pretrain: "Pretraining",
  knn: "k-NN",
  linear_probe: "Linear probe",
  finetune: "Fine-tuning",
  embed: "Embedding",
};

export const hasEnded = ({ status }: Pick<Job, "status">): boolean =>
  !(ACTIVE as readonly string[]).includes(status);

export interface JobFilter {
  kind?: Job["kind"];
  /** None: all. */
  status?: Job["status"][];
  dataset?: string;
}

/** What the address asks for; what it has that is no kind or status is left out. */
export function filterOf(query: URLSearchParams): JobFilter {
  const kind = KINDS.find((name) => name === query.get("kind"));
  const asked = query.get("status")?.split(",") ?? [];
  const status = STATUSES.filter((name) => asked.includes(name));
  const dataset = query.get("dataset") || undefined;
  return { kind, status: status.length > 0 ? status : undefined, dataset };
}

/** Another text for each other filter. */
export const keyOf = ({ kind, status, dataset }: JobFilter): string =>
  `jobs?${[kind ?? "", status?.join(",") ?? "", dataset ?? ""].join("&")}`;

/** Jobs that have been fetched, newest first, without gaps; `more` of them follow. */
export interface Kept {
  jobs: readonly Job[];
  more: boolean;
}
type Page = { data: Job[]; has_more: boolean };

/** The first page anew, before what had been fetched after it: jobs that it no longer has are gone. */
export function withFirst(kept: Kept | undefined, { data, has_more }: Page): Kept {
  if (!has_more || !kept) return { jobs: data, more: has_more };
  const last = data.at(-1)!.id, at = kept.jobs.findIndex(({ id }) => id === last);
  // So many are new that what is between is not known: begin anew.
  if (at < 0) return { jobs: data, more: true };
  return { jobs: [...data, ...kept.jobs.slice(at + 1)], more: kept.more };
}

/** The page after `after`; dropped if that is no longer the last. */
export function withNext(kept: Kept, after: string, { data, has_more }: Page): Kept {
  if (kept.jobs.at(-1)?.id !== after) return kept;
  return { jobs: [...kept.jobs, ...data], more: has_more };
}

/** Jobs as they are now, in place of what was known of them; one that has left the filter stays until its page is asked for. */
export function withNewer(kept: Kept, newer: readonly Job[]): Kept {
  if (newer.length === 0) return kept;
  const byId = new Map(newer.map((job) => [job.id, job]));
  return { ...kept, jobs: kept.jobs.map((job) => byId.get(job.id) ?? job) };
}

/** The figure by which a job is judged, and what it is; of one that trains the online k-NN's. */
export function accuracyOf({ metrics, result, kind }: Job): { value: number; of: string } | undefined {
  const ended = result?.top1;
  if (typeof ended === "number") return { value: ended, of: KIND_NAMES[kind] };
  const named = [
    ["knn_top1", "online k-NN"],
    ["test_top1", "of the test split"],
    ["validation_top1", "of validation images"],
  ] as const;
  const [name, of] = named.find(([name]) => metrics?.[name] !== undefined) ?? [];
  return name && { value: metrics![name], of: of! };
}
