import type { Schemas } from "../../../client/client.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { shortId } from "../../parts/format.ts";

type Dataset = Schemas["Dataset"];
const NOBODY: Dataset[] = [];

/** The datasets that there are, and their names by their ids; of one that has been deleted its id. */
export function useDatasetNames(): { datasets: readonly Dataset[]; nameOf: (id: string) => string } {
  const query = { limit: 1000 };
  const { data } = useQuery(
    "datasets?names",
    (signal) => dataOf(calls().GET("/v1/datasets", { params: { query }, signal })),
    { every: 30 },
  );
  const datasets = (data?.data ?? NOBODY) as Dataset[];
  return { datasets, nameOf: (id) => datasets.find((each) => each.id === id)?.name || shortId(id) };
}
