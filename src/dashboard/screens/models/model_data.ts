import { invalidate, type Query, useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { formatPercent, shortId } from "../../parts/format.ts";
import type { Schemas } from "../../../client/client.ts";

export type Checkpoint = Schemas["Checkpoint"];
export type Evaluation = Schemas["Evaluation"];
export type Model = Awaited<ReturnType<typeof askModel>>;

/** How often what changes by requests alone (latency, what is held ready) is asked for, in seconds. */
const EVERY_S = 5;

/** One model, by alias or checkpoint. */
export const askModel = (id: string, signal?: AbortSignal) =>
  dataOf(calls().GET("/v1/models/{id}", { params: { path: { id } }, signal }));

export const useModel = (id: string): Query<Model> =>
  useQuery(`models:${id}`, (signal) => askModel(id, signal), { every: EVERY_S });

/** All aliases, by name; they come with the first page of models, whose checkpoints are not wanted here. */
export const useAliases = (): Query<Model[]> =>
  useQuery("models?aliases", async (signal) => {
    const { data } = await dataOf(calls().GET("/v1/models", { params: { query: { limit: 1 } }, signal }));
    return data.filter(({ id, checkpoint }) => id !== checkpoint);
  }, { every: EVERY_S });

export const askCheckpoint = (id: string, signal?: AbortSignal): Promise<Checkpoint> =>
  dataOf(calls().GET("/v1/checkpoints/{id}", { params: { path: { id } }, signal }));

export async function askEvaluations(id: string, signal?: AbortSignal): Promise<Evaluation[]> {
  const params = { path: { id } };
  const table = await dataOf(calls().GET("/v1/checkpoints/{id}/evaluations", { params, signal }));
  return typeof table === "string" ? [] : table.data; // text is for who asks for Markdown
}

/** Lets an alias name a checkpoint. @throws {Refused} */
export async function setAlias(alias: string, checkpoint: string): Promise<void> {
  await calls().PUT("/v1/models/{id}", { params: { path: { id: alias } }, body: { checkpoint } });
  invalidate("models");
  invalidate("home");
}

/** The newest checkpoints, of whatever job, one page after another. */
export const askCheckpoints = (
  { after, limit }: { after?: string; limit: number },
  signal?: AbortSignal,
): Promise<{ data: Checkpoint[]; has_more: boolean }> =>
  dataOf(calls().GET("/v1/checkpoints", { params: { query: { after, limit } }, signal }));

/** How well it did while it was trained, in few words; empty if nobody looked. */
export function scoreOf({ metrics }: Pick<Checkpoint, "metrics">): string {
  const { knn_top1: knn, top1 } = metrics;
  return knn !== undefined
    ? `k-NN ${formatPercent(knn)}`
    : top1 !== undefined
    ? `top-1 ${formatPercent(top1)}`
    : "";
}

/** A checkpoint in one line of a list. */
export const lineOf = (checkpoint: Checkpoint): string =>
  [
    shortId(checkpoint.id),
    checkpoint.arch,
    checkpoint.job === null ? "imported" : `step ${checkpoint.step}`,
    scoreOf(checkpoint),
  ].filter(Boolean).join(" · ");
