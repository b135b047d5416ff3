import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Loaded } from "../../parts/states.tsx";
import { FirstRun } from "./first_run.tsx";
import { Overview } from "./overview.tsx";

/** Where one comes to: what goes on, as soon as there is something; before that, what to do first. */
export function Screen() {
  const limit = { params: { query: { limit: 1 } } };
  const query = useQuery("home", async (signal) => {
    const [jobs, datasets, models] = await Promise.all([
      dataOf(calls().GET("/v1/jobs", { ...limit, signal })),
      dataOf(calls().GET("/v1/datasets", { ...limit, signal })),
      dataOf(calls().GET("/v1/models", { ...limit, signal })),
    ]);
    return {
      dataset: datasets.data[0],
      job: jobs.data[0],
      trained: models.data.length > 0,
      served: models.data.find(({ id, checkpoint }) => id !== checkpoint)?.id,
    };
  }, { every: 5 });
  return (
    <Loaded query={query}>
      {(done) => done.job || done.trained ? <Overview done={done} /> : <FirstRun done={done} />}
    </Loaded>
  );
}
