import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { can } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { CodeSnippet } from "../../parts/copy_button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Icon } from "../../parts/icon.tsx";
import { PageHead } from "../../parts/section.tsx";
import { Notice } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";

/** What to do on a server that has done nothing yet. @param dataset Its newest, if it has one. */
export function FirstRun({ dataset }: {
  dataset: Pick<Schemas["Dataset"], "id" | "name" | "status" | "counts"> | undefined;
}) {
  return (
    <div class="home">
      <PageHead
        title="Welcome to latentd"
        note="It learns from your images without labels, and then turns images into vectors: for search, for clustering, for classifiers that need few labels."
      />
      {!can("train") && (
        <Notice tone="warning">
          Your key may look, but not upload or train: that needs the scope <code>train</code>.
        </Notice>
      )}
      <ol class="home-steps">
        <li class={dataset ? "home-done" : "home-now"}>
          <h2>Upload a dataset</h2>
          {dataset
            ? (
              <p>
                <a href={href(`/datasets/${dataset.id}`)}>{dataset.name}</a>{" "}
                <StatusPill status={dataset.status} />{" "}
                {dataset.status === "ready" && `${formatCount(dataset.counts.images)} images`}
              </p>
            )
            : (
              <p>
                A tar, zip or Parquet file of images. Folders may say their splits and classes; neither is
                needed.
              </p>
            )}
          <Button kind={dataset ? "plain" : "primary"} icon="upload" needs="train" href={href("/datasets")}>
            {dataset ? "Upload another" : "Upload images"}
          </Button>
        </li>
        <li class={dataset?.status === "ready" ? "home-now" : ""}>
          <h2>Start training</h2>
          <p>
            Choose a preset; the form says beforehand what memory and time it takes. You see it learn as it
            runs.
          </p>
          <Button
            {...{ kind: dataset?.status === "ready" ? "primary" : "plain", icon: "play", needs: "train" }}
            href={dataset ? href("/new", { dataset: dataset.id }) : undefined}
            blocked={!dataset && "Upload a dataset first"}
          >
            New job
          </Button>
        </li>
        <li>
          <h2>Use what it has learned</h2>
          <p>Give a checkpoint a name, and embed by it: over OpenAI's API, or in a file for each dataset.</p>
          <Button icon="models" href={href("/models")}>Models</Button>
        </li>
      </ol>
      <section class="home-demo">
        <h2>
          <Icon name="info" /> Or see it work first
        </h2>
        <p>
          The demo starts a server of its own, trains on some CIFAR-10 for a minute, and shows that it has
          learned.
        </p>
        <CodeSnippet language="shell" code="deno task demo" />
      </section>
    </div>
  );
}
