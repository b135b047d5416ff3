import { useEffect, useMemo, useState } from "preact/hooks";
import { href, setQuery } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { VirtualList, VirtualTable } from "../../parts/virtual.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { useDatasetNames } from "./dataset_names.ts";
import { statusOf } from "./job_actions.ts";
import { Accuracy, jobColumns, JobName, JobProgress, timeText } from "./job_columns.tsx";
import { CancelDialog, JobControls } from "./job_controls.tsx";
import { accuracyOf, filterOf, type Job, keyOf } from "./job_filter.ts";
import { JobFilters } from "./job_filters.tsx";
import { useJobPages } from "./job_pages.ts";

const HEIGHT = "calc(100dvh - 12.5rem)";

/** All jobs, newest first, with what can be done to each. */
export function Screen({ query: asked }: ScreenProps) {
  const filter = filterOf(asked), filtered = keyOf(filter) !== keyOf({});
  const { query, jobs, more, fetchNext } = useJobPages(filter);
  const { datasets, nameOf } = useDatasetNames();
  const columns = useMemo(() => jobColumns(nameOf), [datasets]);
  const system = useQuery("system", (signal) => dataOf(calls().GET("/v1/system", { signal })), { every: 10 });
  const none = query.data !== undefined && jobs.length === 0 && !filtered; // which says itself what to do
  const narrow = useNarrow(), keyOfJob = ({ id }: Job) => id;
  return (
    <>
      <PageHead
        title="Jobs"
        actions={!none &&
          <Button kind="primary" icon="add" href={href("/new")} needs="train">New job</Button>}
      />
      <div class="stack">
        {!none && (
          <JobFilters
            {...{ filter, datasets, counts: system.data?.queue.jobs ?? [], shown: jobs.length, more }}
          />
        )}
        <Loaded query={query} lines={8}>
          {() =>
            jobs.length === 0 ? <NoJobs filtered={filtered} /> : (
              <section class="card jobs-list">
                {narrow
                  ? (
                    <VirtualList
                      {...{
                        label: "Jobs",
                        rows: jobs,
                        rowHeight: 106,
                        height: HEIGHT,
                        keyOf: keyOfJob,
                        onEnd: fetchNext,
                      }}
                      render={(job) => <JobCard job={job} nameOf={nameOf} />}
                    />
                  )
                  : (
                    <VirtualTable
                      {...{ caption: "Jobs", columns, rows: jobs, keyOf: keyOfJob, rowHeight: 46 }}
                      {...{ height: HEIGHT, onEnd: fetchNext }}
                    />
                  )}
              </section>
            )}
        </Loaded>
      </div>
      <CancelDialog />
    </>
  );
}

function JobCard({ job, nameOf }: { job: Job; nameOf: (dataset: string) => string }) {
  const time = timeText(job);
  return (
    <article class="jobs-card">
      <div class="jobs-card-line">
        <JobName job={job} nameOf={nameOf} />
        <StatusPill status={statusOf(job)} />
      </div>
      <JobProgress job={job} />
      <div class="jobs-card-line">
        <span class="jobs-card-figures">
          {time && <span>{time}</span>}
          {accuracyOf(job) && (
            <span>
              <small>Top-1</small> <Accuracy job={job} />
            </span>
          )}
          {job.metrics?.loss !== undefined && (
            <span>
              <small>Loss</small> {job.metrics.loss.toPrecision(3)}
            </span>
          )}
        </span>
        <JobControls job={job} />
      </div>
    </article>
  );
}

function NoJobs({ filtered }: { filtered: boolean }) {
  if (filtered) {
    const clear = () => setQuery({ kind: undefined, status: undefined, dataset: undefined });
    return (
      <EmptyState
        icon="search"
        title="No job is like that"
        actions={<Button onClick={clear}>Show all jobs</Button>}
      >
        <p>Other kinds, statuses or datasets may have some.</p>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon="jobs"
      title="No jobs yet"
      actions={
        <>
          <Button kind="primary" icon="add" href={href("/new")} needs="train">Start the first one</Button>
          <Button href={href("/datasets")}>Upload a dataset</Button>
        </>
      }
    >
      <p>
        A job trains on a dataset, or judges a checkpoint. With a dataset at hand it takes a minute to start
        one.
      </p>
    </EmptyState>
  );
}

/** Whether the window is a phone's: rows become cards there, as tables do. */
function useNarrow(): boolean {
  const asked = useMemo(() => matchMedia("(max-width: 720px)"), []),
    [narrow, setNarrow] = useState(asked.matches);
  useEffect(() => {
    const change = () => setNarrow(asked.matches);
    asked.addEventListener("change", change);
    return () => asked.removeEventListener("change", change);
  }, []);
  return narrow;
}
