import type { Schemas } from "../../../client/client.ts";
import { type Query, useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";

type Dataset = Schemas["Dataset"];
export type Item = Schemas["DatasetItem"];

/** All datasets, the newest first. */
export function useDatasets(): Query<Dataset[]> {
  return useQuery("datasets?limit=1000", async (signal) => {
    const { data } = await dataOf(
      calls().GET("/v1/datasets", { params: { query: { limit: 1000 } }, signal }),
    );
    return data as unknown as Dataset[];
  });
}

/** How many images a split has; of all, where none is named. */
export const countOf = ({ splits, counts }: Pick<Dataset, "splits" | "counts">, split?: string): number =>
  split ? splits[split]?.images ?? 0 : counts.images;

/** A page of a split's images, from a place in it. */
export function useItems(dataset: string, split: string | undefined, offset: number, limit: number) {
  return useQuery(
    `dataset:${dataset}/items?split=${split ?? ""}&offset=${offset}&limit=${limit}`,
    (signal) => {
      const params = { path: { id: dataset }, query: { split, offset, limit } };
      return dataOf(calls().GET("/v1/datasets/{id}/items", { params, signal }));
    },
  );
}

/** An image by its number. */
export function useItem(dataset: string | undefined, n: number | undefined): Query<Item | undefined> {
  const known = dataset !== undefined && n !== undefined;
  return useQuery(known ? `dataset:${dataset}/items/${n}` : undefined, async (signal) => {
    const params = { path: { id: dataset! }, query: n! > 0 ? { after: n! - 1, limit: 1 } : { limit: 1 } };
    return (await dataOf(calls().GET("/v1/datasets/{id}/items", { params, signal }))).data[0];
  });
}

/** The number of an image of a split that chance chooses. */
export async function randomItem(dataset: Dataset, split?: string): Promise<number | undefined> {
  const among = split && dataset.splits[split] ? split : undefined;
  const query = { split: among, offset: Math.floor(Math.random() * countOf(dataset, among)), limit: 1 };
  const params = { path: { id: dataset.id }, query };
  return (await dataOf(calls().GET("/v1/datasets/{id}/items", { params }))).data[0]?.n;
}
