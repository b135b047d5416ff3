import { href } from "../../live/address.ts";
import { formatDuration, formatNumber, formatPercent, NONE, shortId } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { StatusPill, toneOf } from "../../parts/status_pill.tsx";
import type { Column } from "../../parts/table.tsx";
import { statusOf } from "./job_actions.ts";
import { JobControls } from "./job_controls.tsx";
import { accuracyOf, hasEnded, type Job, KIND_NAMES } from "./job_filter.ts";

/** The columns of the table of jobs. @param nameOf A dataset's name, by its id. */
export function jobColumns(nameOf: (dataset: string) => string): Column<Job>[] {
  return [
    { id: "job", head: "Job", main: true, cell: (job) => <JobName job={job} nameOf={nameOf} /> },
    { id: "status", head: "Status", width: "7.5rem", cell: (job) => <StatusPill status={statusOf(job)} /> },
    { id: "progress", head: "Progress", width: "8.5rem", cell: (job) => <JobProgress job={job} /> },
    { id: "rate", head: "Images/s", width: "5rem", figures: true, cell: (job) => <Rate job={job} /> },
    { id: "time", head: "Time", width: "8.25rem", figures: true, cell: (job) => timeOf(job) },
    {
      id: "loss",
      head: "Loss",
      width: "4.5rem",
      figures: true,
      cell: ({ metrics }) =>
        metrics?.loss === undefined ? <span class="soft">{NONE}</span> : formatNumber(metrics.loss, 3),
    },
    {
      id: "accuracy",
      head: "Top-1",
      width: "5.25rem",
      figures: true,
      cell: (job) => <Accuracy job={job} />,
    },
    {
      id: "created",
      head: "Created",
      width: "5.75rem",
      figures: true,
      cell: (job) => (
        <span class="soft">
          <RelativeTime iso={job.created_at} />
        </span>
      ),
    },
    {
      id: "act",
      head: <span class="unseen">Actions</span>,
      width: "5.25rem",
      figures: true,
      cell: (job) => <JobControls job={job} />,
    },
  ];
}

/** What a job is: its name or id, its kind and its dataset's name. */
export function JobName({ job, nameOf }: { job: Job; nameOf: (dataset: string) => string }) {
  const { id, kind, dataset, metadata } = job;
  return (
    <span class="jobs-name">
      <a href={href(`/jobs/${id}`)} title={id}>{metadata.name ?? <code class="id">{shortId(id)}</code>}</a>
      <span class="jobs-about" title={`${KIND_NAMES[kind]} on ${nameOf(dataset)}`}>
        {KIND_NAMES[kind]} · {nameOf(dataset)}
      </span>
    </span>
  );
}

export function JobProgress({ job }: { job: Job }) {
  const { progress, id } = job, status = statusOf(job);
  if (!progress) return <span class="soft">{status === "queued" ? "waiting" : NONE}</span>;
  const { step, total_steps } = progress;
  return (
    <ProgressBar
      {...{
        value: step,
        max: total_steps,
        tone: toneOf(status),
        showPercent: true,
        label: `Progress of ${id}`,
      }}
    />
  );
}

const Rate = ({ job }: { job: Job }) =>
  job.status === "running" && job.progress
    ? <>{formatNumber(job.progress.images_per_s, 3)}</>
    : <span class="soft">{NONE}</span>;

/** How long a job yet takes, or has taken; a dash where neither is known. */
export const timeOf = (job: Job) => timeText(job) ?? <span class="soft">{NONE}</span>;

/** The same in words; undefined where neither is known. */
export function timeText(job: Job) {
  const { progress, started_at, finished_at } = job;
  if (statusOf(job) === "running") {
    return progress?.eta_s == null ? undefined : `${formatDuration(progress.eta_s)} left`;
  }
  if (!hasEnded(job) || !started_at || !finished_at) return undefined;
  const took = formatDuration((Date.parse(finished_at) - Date.parse(started_at)) / 1000);
  return <span class="soft">took {took}</span>;
}

export function Accuracy({ job }: { job: Job }) {
  const accuracy = accuracyOf(job);
  return accuracy
    ? <span title={`Top-1, ${accuracy.of}`}>{formatPercent(accuracy.value)}</span>
    : <span class="soft">{NONE}</span>;
}
