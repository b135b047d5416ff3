import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Id } from "../../parts/copy_button.tsx";
import { formatCount, formatNumber, formatPercent } from "../../parts/format.ts";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { useDatasetNames } from "./dataset_names.ts";
import { hasEnded, type Job, KIND_NAMES } from "./job_filter.ts";

type Evaluation = Schemas["Evaluation"];
const SHARES = ["top1", "mean_per_class"]; // which have columns of their own
const ACCURACIES: Record<string, string> = { top5: "top-5", probe_top1: "linear probe" };

/** What is known of how good the job's checkpoints are, whoever found it out. */
export function EvaluationsTab({ job }: { job: Job }) {
  const { id } = job, { nameOf } = useDatasetNames();
  const query = useQuery(
    `job:${id}/evaluations`,
    async (signal) => {
      const params = { path: { id }, query: { format: "json" as const } };
      const data = await dataOf(calls().GET("/v1/jobs/{id}/evaluations", { params, signal }));
      return (data as unknown as { data: Evaluation[] }).data;
    },
    { every: hasEnded(job) ? 15 : 5 },
  );
  const columns: Column<Evaluation>[] = [
    {
      id: "step",
      head: "Step",
      main: true,
      figures: true,
      width: "5rem",
      cell: ({ step }) => formatCount(step),
    },
    {
      id: "checkpoint",
      head: "Checkpoint",
      cell: ({ checkpoint }) => <Id id={checkpoint} to={href(`/models/${checkpoint}`)} />,
    },
    { id: "kind", head: "By", cell: (evaluation) => <By evaluation={evaluation} own={id} /> },
    { id: "of", head: "Of", cell: ({ dataset, split }) => `${nameOf(dataset)}, ${split ?? "all images"}` },
    { id: "top1", head: "Top-1", figures: true, cell: ({ metrics }) => <b>{formatPercent(metrics.top1)}</b> },
    {
      id: "class",
      head: "Mean per class",
      figures: true,
      cell: ({ metrics }) => formatPercent(metrics.mean_per_class),
    },
    {
      id: "more",
      head: "Others",
      minor: true,
      cell: ({ metrics }) =>
        Object.entries(metrics).filter(([name]) => !SHARES.includes(name))
          .map(([name, value]) =>
            name in ACCURACIES
              ? `${ACCURACIES[name]} ${formatPercent(value)}`
              : `${name} ${formatNumber(value, 3)}`
          ).join(", "),
    },
    {
      id: "when",
      head: "When",
      figures: true,
      minor: true,
      cell: ({ created_at }) => (
        <span class="soft">
          <RelativeTime iso={created_at} />
        </span>
      ),
    },
  ];
  return (
    <Section title="Evaluations" note="of its checkpoints, by any job; latest first" flush>
      <Loaded query={query}>
        {(rows) => (
          <Table
            {...{ caption: "Evaluations", columns, rows }}
            keyOf={({ checkpoint, job, kind, split, step }) => [checkpoint, job, kind, split, step].join()}
            empty={
              <EmptyState title="No evaluations yet">
                <p>
                  Evaluate a checkpoint under Checkpoints, or let the job do so along the way by its field
                  evaluate.
                </p>
              </EmptyState>
            }
          />
        )}
      </Loaded>
    </Section>
  );
}

function By({ evaluation: { kind, job, protocol }, own }: { evaluation: Evaluation; own: string }) {
  const name = kind === "online_knn" ? "Online k-NN" : KIND_NAMES[kind], k = protocol.k;
  const badge = (
    <Badge title={JSON.stringify(protocol)}>{typeof k === "number" ? `${name}, k = ${k}` : name}</Badge>
  );
  return job === own ? badge : <a href={href(`/jobs/${job}`)}>{badge}</a>;
}
