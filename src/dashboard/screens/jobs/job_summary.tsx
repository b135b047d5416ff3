import { href } from "../../live/address.ts";
import { formatCount, formatDuration, formatNumber, formatPercent, formatTime } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Figure } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { toneOf } from "../../parts/status_pill.tsx";
import { healthyStd } from "./curves/curves_panel.tsx";
import { useDatasetNames } from "./dataset_names.ts";
import { adviceFor } from "./failure_advice.ts";
import { statusOf } from "./job_actions.ts";
import { accuracyOf, hasEnded, type Job } from "./job_filter.ts";

/** A spread below this share of the healthy one is worth a word. */
const LOW_STD = 0.25;

/** How far a job is, and how well it goes. */
export function JobSummary({ job }: { job: Job }) {
  const { error, status } = job;
  return (
    <>
      {error && (
        <div class="notice notice-bad jobs-failure" role="alert">
          <Icon name="warning" />
          <div>
            <p class="jobs-failure-title">
              {status === "paused" ? "Paused by itself" : "Failed"}: {error.message} <code>{error.code}</code>
            </p>
            <p>{adviceFor(error.code)}</p>
          </div>
        </div>
      )}
      <Figures job={job} />
    </>
  );
}

function Figures({ job }: { job: Job }) {
  const { metrics, progress, dataset } = job, { nameOf } = useDatasetNames();
  const accuracy = accuracyOf(job), healthy = healthyStd(job), std = metrics?.projection_std;
  const low = healthy && std !== undefined && std < LOW_STD * healthy.value;
  return (
    <>
      <div class="figure-row jobs-figures">
        <Figure
          label="Progress"
          value={progress ? formatPercent(progress.step / Math.max(1, progress.total_steps), 0) : "–"}
          note={progress
            ? (
              <>
                <ProgressBar
                  value={progress.step}
                  max={progress.total_steps}
                  label="Progress"
                  tone={toneOf(statusOf(job))}
                />
                {formatCount(progress.step)} of {formatCount(progress.total_steps)}
              </>
            )
            : statusOf(job) === "queued"
            ? "waits for the jobs before it"
            : undefined}
        />
        <Duration job={job} />
        {progress && progress.images_per_s > 0 && job.status !== "paused" && (
          <Figure label="Images/s" value={formatNumber(progress.images_per_s, 3)} note={epochNote(job)} />
        )}
        {metrics?.loss !== undefined && <Figure label="Loss" value={formatNumber(metrics.loss)} />}
        {accuracy && metrics?.loss !== undefined && (
          <Figure label="Top-1" value={formatPercent(accuracy.value)} note={accuracy.of} />
        )}
        {std !== undefined && (
          <Figure
            label="Projection std"
            value={formatNumber(std, 3)}
            note={healthy && (
              <span class={low ? "jobs-low" : undefined}>{low ? "collapsing; " : ""}{healthy.name}</span>
            )}
          />
        )}
        {metrics?.rankme !== undefined && (
          <Figure label="RankMe" value={formatNumber(metrics.rankme, 3)} note="dimensions" />
        )}
        <Figure
          label="Dataset"
          value={<a class="jobs-dataset one-line" href={href(`/datasets/${dataset}`)}>{nameOf(dataset)}</a>}
          note={
            <>
              created <RelativeTime iso={job.created_at} />
              {job.attempt > 1 && `, attempt ${job.attempt}`}
            </>
          }
        />
      </div>
      {low && job.status === "running" && (
        <Notice tone="warning">
          The projections' spread is far below the healthy 1/√d: images come to be embedded alike. See RankMe
          and the cosines under More figures.
        </Notice>
      )}
    </>
  );
}

function Duration({ job }: { job: Job }) {
  const { started_at, finished_at, progress } = job;
  if (hasEnded(job)) {
    const took = started_at && finished_at
      ? (Date.parse(finished_at) - Date.parse(started_at)) / 1000
      : undefined;
    return (
      <Figure
        label="Took"
        value={formatDuration(took)}
        note={
          <span title={formatTime(finished_at)}>
            ended <RelativeTime iso={finished_at} />
          </span>
        }
      />
    );
  }
  if (statusOf(job) !== "running") return null;
  return (
    <Figure
      label="Left"
      value={formatDuration(progress?.eta_s)}
      note={started_at && (
        <>
          started <RelativeTime iso={started_at} />
        </>
      )}
    />
  );
}

const epochNote = ({ kind, progress }: Job) =>
  kind === "pretrain" || kind === "finetune"
    ? `epoch ${formatCount(Math.floor(progress!.epoch))}`
    : undefined;
