import type { ComponentChild } from "preact";
import { useCallback } from "preact/hooks";
import { href, setQuery } from "../../live/address.ts";
import { type JobEvent, useJobEvents } from "../../live/job_events.ts";
import { invalidate, setQueryData, useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { CopyButton } from "../../parts/copy_button.tsx";
import { shortId } from "../../parts/format.ts";
import { PageHead } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Badge, StatusPill } from "../../parts/status_pill.tsx";
import { type Tab, Tabs } from "../../parts/tabs.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { CheckpointsTab } from "./checkpoints/checkpoints_tab.tsx";
import { ConfigTab } from "./config_tab.tsx";
import { CurvesPanel } from "./curves/curves_panel.tsx";
import { useCurves } from "./curves/use_curves.ts";
import { EvaluationsTab } from "./evaluations_tab.tsx";
import { statusOf } from "./job_actions.ts";
import { CancelDialog, JobControls } from "./job_controls.tsx";
import { hasEnded, type Job, KIND_NAMES } from "./job_filter.ts";
import { JobSummary } from "./job_summary.tsx";
import { LogTab } from "./log_tab.tsx";
import { ResultTab } from "./results/result_tab.tsx";

/** One job, live. Another job is another screen: nothing of the last one stays. */
export function Screen({ params, query }: ScreenProps) {
  return <JobScreen key={params.id} id={params.id} asked={query} />;
}

function JobScreen({ id, asked }: { id: string; asked: URLSearchParams }) {
  const query = useQuery(
    `job:${id}`,
    (signal) => dataOf(calls().GET("/v1/jobs/{id}", { params: { path: { id } }, signal })),
    { every: 5 },
  );
  const job = query.data, trains = job?.kind === "pretrain" || job?.kind === "finetune";
  const live = useCurves(trains ? id : undefined);
  const onEvents = useCallback((events: JobEvent[]) => {
    live.add(events);
    if (events.some(({ type }) => type !== "metrics")) {
      invalidate(`job:${id}`);
      invalidate("jobs");
      return;
    }
    if (job) setQueryData(`job:${id}`, withFigures(job, events.at(-1)!));
  }, [job, live.add]);
  // Of one that trains the stream begins where its curves were asked for; of others there is nothing to miss.
  const follows = job && !hasEnded(job) && (!trains || live.after !== undefined);
  const state = useJobEvents(follows ? id : undefined, onEvents, { after: live.after });
  return (
    <>
      <PageHead
        title={job ? job.metadata.name ?? `${KIND_NAMES[job.kind]} ${shortId(id)}` : shortId(id)}
        trail={[["Jobs", href("/jobs")]]}
        status={job && (
          <>
            <StatusPill status={statusOf(job)} />
            {follows && state === "live" && job.status === "running" && <Badge tone="good">live</Badge>}
            {follows && state === "lost" && <Badge tone="warning">reconnecting</Badge>}
          </>
        )}
        actions={job && <JobControls job={job} words />}
        note={
          <span class="id-line">
            {job?.metadata.name && <span>{KIND_NAMES[job.kind]} ·&nbsp;</span>}
            <code class="id">{id}</code>
            <CopyButton text={id} label="Copy the job's id" />
          </span>
        }
      />
      <Loaded query={query} lines={8}>
        {(job) => (
          <div class="stack">
            <JobSummary job={job} />
            <JobTabs
              {...{ job, asked }}
              curves={trains && <CurvesPanel {...{ job, live, query: asked }} />}
            />
          </div>
        )}
      </Loaded>
      <CancelDialog />
    </>
  );
}

function JobTabs(
  { job, asked, curves }: { job: Job; asked: URLSearchParams; curves: ComponentChild },
) {
  const keeps = job.kind === "pretrain" || job.kind === "finetune" || job.kind === "linear_probe";
  const tabs: (Tab & { panel: () => ComponentChild })[] = [
    ...(curves ? [{ id: "curves", name: "Curves", panel: () => curves }] : []),
    ...(job.kind !== "pretrain"
      ? [{ id: "result", name: "Result", panel: () => <ResultTab job={job} /> }]
      : []),
    ...(keeps
      ? [
        { id: "checkpoints", name: "Checkpoints", panel: () => <CheckpointsTab job={job} /> },
        { id: "evaluations", name: "Evaluations", panel: () => <EvaluationsTab job={job} /> },
      ]
      : []),
    { id: "log", name: "Log", panel: () => <LogTab job={job} asked={asked} /> },
    { id: "config", name: "Config", panel: () => <ConfigTab job={job} /> },
  ];
  // One that failed is looked at for its log.
  const wanted = asked.get("tab") ?? (job.status === "failed" ? "log" : undefined);
  const chosen = tabs.find(({ id }) => id === wanted) ?? tabs[0];
  return (
    <Tabs label="Of this job" tabs={tabs} chosen={chosen.id} onChoose={(tab) => setQuery({ tab })}>
      {chosen.panel()}
    </Tabs>
  );
}

/** A job as its last row of figures tells it. */
function withFigures(job: Job, { data }: JobEvent): Job {
  const { step, total_steps, epoch, images_per_s, eta_s, ...figures } = data as Record<string, number>;
  return {
    ...job,
    progress: { step, total_steps, epoch, images_per_s, eta_s },
    metrics: { ...job.metrics, ...figures, images_per_s },
  };
}
