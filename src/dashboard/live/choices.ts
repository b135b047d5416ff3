import type { Schemas } from "../../client/client.ts";
import { type Query, useQuery } from "./query.ts";
import { calls, dataOf } from "./session.ts";

export type DatasetChoice = Pick<Schemas["Dataset"], "id" | "name" | "counts" | "splits">;
export interface ModelChoice {
  /** What requests name: an alias, or a checkpoint's id. */
  id: string;
  alias: boolean;
  checkpoint: string;
  arch: string;
  px: number;
  /** Of a checkpoint's training; undefined of an alias. */
  step?: number;
  job?: string | null;
}

/** As many as a page of the API has at most; the newest come first, and an address may name others. */
const MOST = 200;

/** The datasets that are ready, newest first. */
export function useDatasetChoices(): Query<DatasetChoice[]> {
  return useQuery("datasets?ready", async (signal) => {
    const { data } = await dataOf(
      calls().GET("/v1/datasets", { params: { query: { limit: MOST } }, signal }),
    );
    return data.filter(({ status }) => status === "ready") as DatasetChoice[];
  });
}

/** What embeds: aliases, then checkpoints, newest first. */
export function useModelChoices(): Query<ModelChoice[]> {
  return useQuery("models?choices", async (signal) => {
    const params = { query: { limit: MOST } };
    const [models, checkpoints] = await Promise.all([
      dataOf(calls().GET("/v1/models", { params, signal })),
      dataOf(calls().GET("/v1/checkpoints", { params, signal })),
    ]);
    const aliases = models.data.filter(({ id, checkpoint }) => id !== checkpoint);
    return [
      ...aliases.map(({ id, checkpoint, arch, px }) => ({ id, alias: true, checkpoint, arch, px })),
      ...checkpoints.data.map(({ id, arch, px, step, job }) => ({
        ...{ id, alias: false, checkpoint: id, arch, px, step, job },
      })),
    ];
  });
}
