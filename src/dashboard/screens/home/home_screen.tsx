import { useEffect } from "preact/hooks";
import { address, href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Loaded } from "../../parts/states.tsx";
import { FirstRun } from "./first_run.tsx";

/** Where one comes to: the jobs, as soon as there is something; before that, what to do first. */
export function Screen() {
  const limit = { params: { query: { limit: 1 } } };
  const query = useQuery("home", async (signal) => {
    const [jobs, datasets] = await Promise.all([
      dataOf(calls().GET("/v1/jobs", { ...limit, signal })),
      dataOf(calls().GET("/v1/datasets", { ...limit, signal })),
    ]);
    return { jobs: jobs.data.length, dataset: datasets.data[0] };
  }, { every: 5 });
  return (
    <Loaded query={query}>
      {({ jobs, dataset }) => jobs > 0 ? <ToJobs /> : <FirstRun dataset={dataset} />}
    </Loaded>
  );
}

/** In place of this step of the browser's history, so that back does not come here again. */
function ToJobs() {
  useEffect(() => {
    if (address.peek().path === "/") location.replace(href("/jobs"));
  }, []);
  return null;
}
