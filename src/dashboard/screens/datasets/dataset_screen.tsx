import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { formatBytes, formatCount, formatTime } from "../../parts/format.ts";
import { Figure, PageHead, Section } from "../../parts/section.tsx";
import { EmptyState, Loaded, Notice } from "../../parts/states.tsx";
import { StatusPill } from "../../parts/status_pill.tsx";
import { Tabs } from "../../parts/tabs.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { countClasses, orderedSplits } from "./class_counts.ts";
import type { Dataset } from "./dataset.ts";
import { DatasetActions } from "./dataset_actions.tsx";
import { DatasetDetails } from "./dataset_details.tsx";
import { Duplicates } from "./duplicates.tsx";
import { ImageBrowser } from "./image_browser.tsx";
import { IngestProgress, reasonOf } from "./ingest_progress.tsx";
import { RejectedFiles } from "./rejected_files.tsx";

/** One dataset: what is in it, image by image. */
export function Screen({ params: { id }, query: address }: ScreenProps) {
  const [busy, setBusy] = useState(false);
  const query = useQuery(
    `dataset:${id}`,
    (signal) =>
      dataOf(calls().GET("/v1/datasets/{id}", { params: { path: { id } }, signal })) as Promise<Dataset>,
    { every: busy ? 1 : 20 },
  );
  const { data } = query;
  useEffect(() => setBusy(data?.status === "ingesting"), [data]);
  return (
    <>
      <PageHead
        title={data?.name ?? "Dataset"}
        trail={[["Datasets", "#/datasets"]]}
        status={data && <StatusPill status={data.status} />}
        actions={data && <DatasetActions dataset={data} />}
      />
      <Loaded query={query} lines={8}>
        {(dataset) => <Content key={dataset.fingerprint} dataset={dataset} address={address} />}
      </Loaded>
    </>
  );
}

function Content({ dataset, address }: { dataset: Dataset; address: URLSearchParams }) {
  const { id, name, status, counts, splits, duplicates, warnings, error, progress } = dataset;
  const across = duplicates?.across ?? 0, classes = countClasses(splits);
  const ready = status === "ready",
    tabs = [
      ...(ready ? [{ id: "images", name: "Images" }] : []),
      ...(ready || status === "failed"
        ? [{ id: "rejected", name: ready ? <Counted name="Rejected" count={counts.rejected} /> : "Rejected" }]
        : []),
      ...(ready ? [{ id: "duplicates", name: <Counted name="Duplicates" count={across} /> }] : []),
      { id: "details", name: "Details" },
    ];
  const asked = address.get("tab"), chosen = tabs.find(({ id }) => id === asked)?.id ?? tabs[0].id;
  return (
    <div class="stack">
      {status === "ingesting" && (
        <Section title="Ingest" note="the files become images">
          <IngestProgress {...{ progress, name }} />
        </Section>
      )}
      {error && (
        <div role="alert">
          <Notice tone="bad">
            <b>It could not be taken in:</b> {reasonOf(error, name)}
          </Notice>
        </div>
      )}
      {warnings.map(({ code, message }) => (
        <Notice key={`${code} ${message}`} tone="warning">{message}</Notice>
      ))}
      {(ready || counts.images > 0) && (
        <div class="figure-row">
          <Figure label="Images" value={formatCount(counts.images)} note={formatBytes(counts.bytes)} />
          <Figure
            label="Splits"
            value={formatCount(Object.keys(splits).length)}
            note={orderedSplits(splits).map(([name, { images }]) => `${name} ${formatCount(images)}`).join(
              " · ",
            )}
          />
          <Figure
            label="Classes"
            value={formatCount(classes)}
            note={classes === 0 ? "no labels" : "in all splits"}
          />
          <Figure
            label="Rejected"
            value={formatCount(counts.rejected)}
            note={`files of ${formatCount(counts.rejected + counts.images)}`}
          />
          <Figure
            label="In several splits"
            value={formatCount(across)}
            note={duplicates ? `${formatCount(duplicates.within)} repeated within one` : undefined}
          />
          <Figure
            label="Created"
            value={formatTime(dataset.created_at).split(",")[0]}
            note={formatTime(dataset.created_at).split(",")[1]}
          />
        </div>
      )}
      <Tabs
        {...{ label: "Parts of the dataset", tabs, chosen }}
        onChoose={(tab) => setQuery({ tab: tab === tabs[0].id ? undefined : tab })}
      >
        {chosen === "images" && (counts.images > 0
          ? <ImageBrowser dataset={dataset} address={address} />
          : <EmptyState icon="image" title="It has no images" />)}
        {chosen === "rejected" && <RejectedFiles id={id} rejected={ready ? counts.rejected : undefined} />}
        {chosen === "duplicates" && <Duplicates dataset={dataset} address={address} />}
        {chosen === "details" && <DatasetDetails dataset={dataset} />}
      </Tabs>
    </div>
  );
}

function Counted({ name, count }: { name: string; count: number }) {
  return (
    <>
      {name} <span class="soft">{formatCount(count)}</span>
    </>
  );
}
