import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { formatPercent, shortId } from "../../parts/format.ts";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Section } from "../../parts/section.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { KIND_NAMES } from "../jobs/job_filter.ts";

type Job = Schemas["Job"];

/** Jobs in a line or two each; one that has failed says why, and leads to what to do. */
export function JobList({ title, jobs, note }: { title: string; jobs: Job[]; note?: string }) {
  return (
    <Section title={title} note={note} flush>
      <ul class="home-list">
        {jobs.map((job) => (
          <li key={job.id}>
            <a href={href(`/jobs/${job.id}`)}>
              {job.metadata.name ?? <code>{shortId(job.id)}</code>}
            </a>
            <span class="soft">{KIND_NAMES[job.kind]}</span>
            <StatusPill status={job.status} />
            <span class="home-right soft figures">
              <span>{figureOf(job)}</span>
              <RelativeTime iso={job.finished_at ?? job.created_at} />
            </span>
            {job.error && (
              <p class="home-fault" title={job.error.message}>
                {job.error.message} <a href={href(`/jobs/${job.id}`)}>See what to do</a>
              </p>
            )}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function figureOf({ metrics }: Job): string {
  const score = metrics?.top1 ?? metrics?.knn_top1;
  return score === undefined
    ? ""
    : `${metrics?.top1 === undefined ? "k-NN" : "top-1"} ${formatPercent(score)}`;
}
