import { useState } from "preact/hooks";
import { href } from "../../../live/address.ts";
import { useQuery } from "../../../live/query.ts";
import { calls, dataOf } from "../../../live/session.ts";
import { Button } from "../../../parts/button.tsx";
import { Id } from "../../../parts/copy_button.tsx";
import { formatBytes, formatCount, formatNumber, formatPercent } from "../../../parts/format.ts";
import { RelativeTime } from "../../../parts/relative_time.tsx";
import { Section } from "../../../parts/section.tsx";
import { EmptyState, Loaded } from "../../../parts/states.tsx";
import { Badge } from "../../../parts/status_pill.tsx";
import { type Column, Table } from "../../../parts/table.tsx";
import { hasEnded, type Job } from "../job_filter.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { DownloadDialog } from "./download_dialog.tsx";
import { EvaluateDialog } from "./evaluate_dialog.tsx";
import { ServeDialog } from "./serve_dialog.tsx";

type Chosen = { checkpoint: Checkpoint; what: "download" | "serve" | "evaluate" };

/** What a job has kept: to be downloaded, served and judged. */
export function CheckpointsTab({ job }: { job: Job }) {
  const { id } = job, [chosen, setChosen] = useState<Chosen>(), close = () => setChosen(undefined);
  const query = useQuery(
    `job:${id}/checkpoints`,
    async (signal) => {
      const params = { path: { id }, query: { limit: 1000 } };
      const { data } = await dataOf(calls().GET("/v1/jobs/{id}/checkpoints", { params, signal }));
      return data.toSorted((a, b) => b.step - a.step);
    },
    { every: hasEnded(job) ? 0 : 5 },
  );
  const columns: Column<Checkpoint>[] = [
    {
      id: "step",
      head: "Step",
      main: true,
      figures: true,
      width: "5rem",
      cell: ({ step }) => formatCount(step),
    },
    { id: "id", head: "Checkpoint", cell: (checkpoint) => <Name checkpoint={checkpoint} /> },
    { id: "loss", head: "Loss", figures: true, cell: ({ metrics }) => formatNumber(metrics.loss, 3) },
    {
      id: "knn",
      head: "Top-1",
      figures: true,
      cell: ({ metrics }) => formatPercent(metrics.knn_top1 ?? metrics.top1 ?? metrics.test_top1),
    },
    {
      id: "bytes",
      head: "Size",
      figures: true,
      cell: ({ files }) => formatBytes(files.reduce((sum, { bytes }) => sum + bytes, 0)),
    },
    {
      id: "when",
      head: "Created",
      figures: true,
      cell: ({ created_at }) => (
        <span class="soft">
          <RelativeTime iso={created_at} />
        </span>
      ),
    },
    {
      id: "act",
      head: <span class="unseen">Actions</span>,
      figures: true,
      cell: (checkpoint) => (
        <span class="jobs-controls">
          <Button size="small" icon="download" onClick={() => setChosen({ checkpoint, what: "download" })}>
            Download
          </Button>
          <Button size="small" needs="admin" onClick={() => setChosen({ checkpoint, what: "serve" })}>
            Serve
          </Button>
          <Button size="small" needs="train" onClick={() => setChosen({ checkpoint, what: "evaluate" })}>
            Evaluate
          </Button>
        </span>
      ),
    },
  ];
  const of = (what: Chosen["what"]) => chosen?.what === what ? chosen.checkpoint : undefined;
  return (
    <Section title="Checkpoints" note="latest first" flush>
      <Loaded query={query}>
        {(rows) => (
          <Table
            {...{ caption: "Checkpoints", columns, rows, keyOf: ({ id }: Checkpoint) => id }}
            empty={
              <EmptyState title="No checkpoints yet">
                <p>
                  {hasEnded(job)
                    ? "It ended before it kept any, or they were deleted."
                    : "It keeps them as its field checkpoint says, when it pauses, and at its end."}
                </p>
              </EmptyState>
            }
          />
        )}
      </Loaded>
      <DownloadDialog checkpoint={of("download")} onClose={close} />
      <ServeDialog checkpoint={of("serve")} onClose={close} />
      <EvaluateDialog checkpoint={of("evaluate")} dataset={job.dataset} onClose={close} />
    </Section>
  );
}

function Name({ checkpoint: { id, metrics } }: { checkpoint: Checkpoint }) {
  return (
    <span class="row">
      <Id id={id} to={href(`/models/${id}`)} copy />
      {metrics.suspect === 1 && (
        <Badge tone="warning" title="Made while there were signs of collapse">suspect</Badge>
      )}
    </span>
  );
}
