import type { ComponentChildren } from "preact";
import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { StatusPill } from "../../parts/status_pill.tsx";

/** What has been done on this server so far. */
export interface Done {
  /** Its newest dataset. */
  dataset: Pick<Schemas["Dataset"], "id" | "name" | "status" | "counts"> | undefined;
  /** Its newest job. */
  job: Pick<Schemas["Job"], "id" | "status"> | undefined;
  /** Whether there is a checkpoint. */
  trained: boolean;
  /** An alias, if there is one. */
  served: string | undefined;
}

/** From images to a served model, in three steps that are ticked off as they are done. */
export function Steps({ done: { dataset, job, trained, served } }: { done: Done }) {
  const ready = dataset?.status === "ready",
    running = job && ["queued", "running", "paused"].includes(job.status);
  const now = served ? 0 : trained ? 3 : ready ? 2 : 1;
  return (
    <ol class="home-steps">
      <Step done={ready || trained} now={now === 1} title="Upload a dataset">
        {dataset
          ? (
            <p>
              <a href={href(`/datasets/${dataset.id}`)}>{dataset.name}</a>{" "}
              <StatusPill status={dataset.status} /> {ready && `${formatCount(dataset.counts.images)} images`}
              {dataset.status === "failed" && "Its page says why; upload it again then."}
            </p>
          )
          : (
            <p>
              A tar, zip or Parquet file of images. Folders may say their splits and classes; neither is
              needed.
            </p>
          )}
        <Button kind={now === 1 ? "primary" : "plain"} icon="upload" needs="train" href={href("/datasets")}>
          {dataset ? "Upload another" : "Upload images"}
        </Button>
      </Step>
      <Step done={trained} now={now === 2} title="Start training">
        {running && !trained
          ? (
            <p>
              <a href={href(`/jobs/${job.id}`)}>Your job</a> <StatusPill status={job.status} />{" "}
              Its first checkpoint ends this step.
            </p>
          )
          : job?.status === "failed" && !trained
          ? (
            <p>
              <a href={href(`/jobs/${job.id}`)}>Your job</a> <StatusPill status="failed" />{" "}
              Its page says why, and what to do.
            </p>
          )
          : (
            <p>
              Choose a preset; the form says beforehand what memory and time it takes. You see it learn as it
              runs.
            </p>
          )}
        <Button
          {...{ kind: now === 2 && !running ? "primary" : "plain", icon: "play", needs: "train" }}
          href={ready ? href("/new", { dataset: dataset.id }) : undefined}
          blocked={!ready && (dataset ? "The dataset is not ready" : "Upload a dataset first")}
        >
          New job
        </Button>
      </Step>
      <Step done={!!served} now={now === 3} title="Serve what it has learned">
        {served
          ? (
            <p>
              <a href={href(`/models/${served}`)}>{served}</a> answers programs that ask for it.
            </p>
          )
          : (
            <p>
              Give a checkpoint a name, and embed by it: over OpenAI's API, or in a file for each dataset.
            </p>
          )}
        <Button kind={now === 3 ? "primary" : "plain"} icon="models" href={href("/models")}>Models</Button>
      </Step>
    </ol>
  );
}

function Step({ done, now, title, children }: {
  done: boolean;
  now: boolean;
  title: string;
  children: ComponentChildren;
}) {
  return (
    <li class={done ? "home-done" : now ? "home-now" : ""} aria-current={now ? "step" : undefined}>
      <h2>
        {title}
        {done && <span class="unseen">, done</span>}
      </h2>
      {children}
    </li>
  );
}
