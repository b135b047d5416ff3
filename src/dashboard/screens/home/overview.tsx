import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { PageHead } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Health } from "./health.tsx";
import { LatestCheckpoints } from "./latest_checkpoints.tsx";
import { LatestDatasets } from "./latest_datasets.tsx";
import { JobList } from "./job_list.tsx";
import { RunningJob } from "./running_job.tsx";
import { type Done, Steps } from "./steps.tsx";

const ACTIVE = ["running", "queued", "paused"] as const;
const ENDED = ["succeeded", "failed", "cancelled"] as const;
/** Rows of each list: all others are a click away. */
const ROWS = 6;

/** What goes on, and what is new. */
export function Overview({ done }: { done: Done }) {
  const active = useJobs("active", ACTIVE, 2), ended = useJobs("ended", ENDED, 5);
  return (
    <>
      <PageHead
        title="Overview"
        actions={<Button icon="jobs" href={href("/jobs")}>All jobs</Button>}
      />
      <div class="stack">
        {!done.served && <Steps done={done} />}
        <Health />
        <div class="home-columns">
          <div class="stack">
            <Loaded query={active} lines={5}>
              {(jobs) => {
                const running = jobs.find(({ status }) => status === "running");
                const waiting = jobs.filter((job) => job !== running);
                return (
                  <>
                    <RunningJob job={running} last={ended.data?.[0]} />
                    {waiting.length > 0 && <JobList title="Queue" jobs={waiting} note={counted(waiting)} />}
                  </>
                );
              }}
            </Loaded>
            <Loaded query={ended} lines={4}>
              {(jobs) => jobs.length > 0 && <JobList title="Ended lately" jobs={jobs.slice(0, ROWS)} />}
            </Loaded>
          </div>
          <div class="stack">
            <LatestCheckpoints rows={ROWS} />
            <LatestDatasets rows={ROWS} />
          </div>
        </div>
      </div>
    </>
  );
}

/** 2 queued, 1 paused */
const counted = (jobs: readonly { status: string }[]): string =>
  [...Map.groupBy(jobs, ({ status }) => status)]
    .map(([status, those]) => `${formatCount(those.length)} ${status}`).join(", ");

/** The newest jobs of some states. */
const useJobs = (
  name: string,
  status: readonly ("running" | "queued" | "paused" | typeof ENDED[number])[],
  every: number,
) =>
  useQuery(`jobs?home=${name}`, async (signal) => {
    const query = { status: [...status], limit: 20 };
    return (await dataOf(calls().GET("/v1/jobs", { params: { query }, signal }))).data;
  }, { every });
