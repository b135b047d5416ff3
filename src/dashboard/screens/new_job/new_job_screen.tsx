import { useMemo } from "preact/hooks";
import type { Schemas } from "../../../client/client.ts";
import { fieldsOf, kindsOf, type OpenApi } from "../../forms/json_schema.ts";
import { useOpenApi } from "../../forms/use_openapi.ts";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, can, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { PageHead } from "../../parts/section.tsx";
import { EmptyState, Loaded, Notice } from "../../parts/states.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { useDatasets } from "../views/dataset_images.ts";
import { JobForm } from "./job_form.tsx";
import { type Start, startLike, startOf } from "./start_values.ts";

/** A job, before there is one: `#/new?kind=knn&checkpoint=…` fills in what it names, `?like=job_…` what that job was given. */
export function Screen({ query }: ScreenProps) {
  const like = query.get("like") ?? undefined;
  const document = useOpenApi(), datasets = useDatasets();
  const before = useQuery(
    like && `job:${like}`,
    (signal) => dataOf(calls().GET("/v1/jobs/{id}", { params: { path: { id: like! } }, signal })),
  );
  return (
    <>
      <PageHead
        title="New job"
        trail={[["Jobs", "#/jobs"]]}
        note={like ? `As ${like} was asked for: change what is to be different.` : undefined}
      />
      {!can("train") && (
        <Notice tone="warning">
          Your key may look, but not start jobs: that needs the scope{" "}
          <code>train</code>. The form still makes a request that can be copied.
        </Notice>
      )}
      <Loaded query={document} lines={8}>
        {(openapi) => (
          <Loaded query={datasets} lines={8}>
            {(all) => {
              const ready = all.filter(({ status }) => status === "ready");
              if (ready.length === 0) return <NoDataset some={all.length > 0} />;
              if (!like) return <Begun {...{ openapi, query, datasets: ready }} />;
              return (
                <Loaded query={before} lines={8}>
                  {(job) => <Begun {...{ openapi, query, datasets: ready, start: startLike(job) }} />}
                </Loaded>
              );
            }}
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

/** The form, anew for another address: what was typed into the one before is not of this. */
function Begun({ openapi, query, datasets, start }: {
  openapi: OpenApi;
  query: URLSearchParams;
  datasets: Schemas["Dataset"][];
  start?: Start;
}) {
  const kinds = useMemo(() =>
    kindsOf(openapi).map(({ kind, config, example }) => ({
      kind,
      example,
      fields: fieldsOf(openapi, config),
    })), [openapi]);
  const asked = start?.kind ?? query.get("kind");
  const first = kinds.find(({ kind }) => kind === asked) ?? kinds[0];
  return (
    <JobForm
      key={query.toString()}
      kinds={kinds}
      datasets={datasets}
      start={start ?? startOf(query, first.kind, first.fields)}
    />
  );
}

function NoDataset({ some }: { some: boolean }) {
  return (
    <EmptyState
      icon="datasets"
      title={some ? "No dataset is ready yet" : "A job needs a dataset"}
      actions={<Button kind="primary" icon="upload" href={href("/datasets")}>Go to the datasets</Button>}
    >
      {some
        ? "One is there, but not taken in yet, or it has failed: its page says which."
        : "Upload images first; folders may say their splits and classes, and neither is needed to pretrain."}
    </EmptyState>
  );
}
