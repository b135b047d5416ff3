import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount, formatDuration, formatNumber, formatPercent, shortId } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { Section } from "../../parts/section.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { KIND_NAMES } from "../jobs/job_filter.ts";
import { Sparkline } from "./sparkline.tsx";

type Job = Schemas["Job"];
/** Points of the small curve, and how often it is asked for, in seconds. */
const POINTS = 200, EVERY_S = 2;

/** The job that runs, with its curve as it grows. @param last The one that ended last, where none runs. */
export function RunningJob({ job, last }: { job: Job | undefined; last: Job | undefined }) {
  if (!job) return <NothingRuns last={last} />;
  const { progress, metrics } = job;
  return (
    <Section
      title={
        <span class="row">
          <a href={href(`/jobs/${job.id}`)}>
            {job.metadata.name ?? `${KIND_NAMES[job.kind]} ${shortId(job.id)}`}
          </a>
          <StatusPill status={job.status} />
        </span>
      }
      actions={<Button size="small" href={href(`/jobs/${job.id}`)}>Open</Button>}
    >
      <div class="stack">
        <ProgressBar
          {...{ value: progress?.step, max: progress?.total_steps, label: "Steps done", showPercent: true }}
        />
        <dl class="home-figures">
          <One
            name="Step"
            value={`${formatCount(progress?.step)} / ${formatCount(progress?.total_steps)}`}
          />
          <One name="Left" value={formatDuration(progress?.eta_s)} />
          <One name="Images/s" value={formatNumber(progress?.images_per_s, 3)} />
          <One name="Loss" value={formatNumber(metrics?.loss)} />
          <One name="k-NN" value={formatPercent(metrics?.knn_top1)} />
        </dl>
        <Curve id={job.id} />
      </div>
    </Section>
  );
}

const One = ({ name, value }: { name: string; value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function Curve({ id }: { id: string }) {
  const { data } = useQuery(`job:${id}/home`, async (signal) => {
    const query = { format: "columns" as const, columns: "loss", points: POINTS };
    const answer = await dataOf(
      calls().GET("/v1/jobs/{id}/metrics", { params: { path: { id }, query }, signal }),
    );
    const { columns } = answer as { columns: { step: number[]; loss?: (number | null)[] } };
    return columns.step.flatMap((step, n): [number, number][] => {
      const loss = columns.loss?.[n];
      return typeof loss === "number" ? [[step, loss]] : [];
    });
  }, { every: EVERY_S });
  if (!data || data.length < 2) return <p class="soft">The curve begins with its second row.</p>;
  return <Sparkline points={data} label="Loss" />;
}

function NothingRuns({ last }: { last: Job | undefined }) {
  return (
    <Section title="Nothing is running">
      {last?.status === "failed"
        ? (
          <EmptyState
            icon="warning"
            title={`The last job, a ${last.kind}, failed`}
            actions={
              <>
                <Button kind="primary" href={href(`/jobs/${last.id}`)}>See what to do</Button>
                <Button icon="add" needs="train" href={href("/new")}>New job</Button>
              </>
            }
          >
            {last.error?.message}
          </EmptyState>
        )
        : (
          <p class="row">
            <span class="grow">
              {last
                ? (
                  <>
                    The last one, a <a href={href(`/jobs/${last.id}`)}>{last.kind}</a>,{" "}
                    <StatusPill status={last.status} />.
                  </>
                )
                : "No job has ended yet."}
            </span>
            <Button icon="add" needs="train" href={href("/new")}>New job</Button>
          </p>
        )}
    </Section>
  );
}
