import { useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { can } from "../../live/session.ts";
import { DatasetSelect, ModelSelect } from "../../parts/choice_selects.tsx";
import { type Both, ChooseBoth } from "../../parts/choose_both.tsx";
import { NumberInput, Select } from "../../parts/field.tsx";
import { formatCount, formatDuration } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { PageHead } from "../../parts/section.tsx";
import { ErrorState, Notice, Skeleton } from "../../parts/states.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { Atlas } from "./atlas.tsx";
import { type Layout, loadMap, type ProjectionProgress } from "./map_data.ts";

const LAYOUTS = [{ value: "pca", text: "PCA" }, { value: "umap", text: "UMAP" }] as const;

/** A dataset's embeddings by a model, as a plane of points. */
export function Screen({ query }: ScreenProps) {
  return (
    <>
      <PageHead title="Map" note="A dataset as a model sees it: what it finds alike lies together." />
      <ChooseBoth query={query} what="map" why="A map is made of a model's embeddings">
        {(both) => <Mapped {...both} query={query} />}
      </ChooseBoth>
    </>
  );
}

function Mapped({ datasets, models, dataset, model, item, query }: Both & { query: URLSearchParams }) {
  const colour = query.get("colour") === "split" ? "split" : "class";
  const layout = query.get("layout") === "umap" ? "umap" : "pca";
  const last = (datasets.find(({ id }) => id === dataset)?.counts.images ?? 1) - 1;
  return (
    <div class="stack">
      <div class="toolbar map-bar">
        <DatasetSelect
          value={dataset}
          datasets={datasets}
          onInput={(dataset) => setQuery({ dataset, item: undefined })}
        />
        <ModelSelect value={model} models={models} onInput={(model) => setQuery({ model })} />
        <div class="map-small">
          <Select
            label="Layout"
            value={layout}
            options={LAYOUTS}
            onInput={(layout: Layout) => setQuery({ layout })}
          />
        </div>
        <div class="map-small">
          <Select
            label="Colour by"
            value={colour}
            options={["class", "split"]}
            onInput={(colour) => setQuery({ colour })}
          />
        </div>
        <div class="map-small">
          <NumberInput
            label="Find image"
            value={item}
            min={0}
            max={last}
            step={1}
            placeholder={`0 … ${formatCount(last)}`}
            onInput={(n) => {
              if (n === undefined) setQuery({ item: undefined });
              else if (Number.isInteger(n) && n >= 0 && n <= last) setQuery({ item: n });
            }}
          />
        </div>
      </div>
      {can("embed")
        ? <Loading key={`${dataset} ${model}`} {...{ dataset, model, colour, layout, item }} />
        : (
          <Notice tone="warning">
            Your key may look at datasets, but not have them mapped: that needs one with the scope{" "}
            <code>embed</code>.
          </Notice>
        )}
    </div>
  );
}

interface Asked {
  dataset: string;
  model: string;
  colour: "class" | "split";
  layout: Layout;
  item: number | undefined;
}

function Loading(asked: Asked) {
  const { dataset, model } = asked, [progress, setProgress] = useState<ProjectionProgress>();
  const { data, error, refresh } = useQuery(
    `map:${dataset}?model=${model}`,
    (signal) => loadMap(dataset, model, signal, setProgress),
  );
  if (data) return <Atlas key={data.fingerprint} data={data} {...asked} />;
  if (error) return <ErrorState title="This could not be mapped" error={error} retry={refresh} />;
  return progress ? <InTheMaking progress={progress} /> : <Skeleton lines={10} />;
}

const STAGES = {
  waiting: "It waits for its turn on the GPU.",
  embedding: "Images are being embedded by this model. It is done once.",
  projecting: "The directions in which embeddings vary most are being found.",
};

function InTheMaking({ progress: { stage, done, total, eta_s } }: { progress: ProjectionProgress }) {
  return (
    <div class="state" role="status">
      <p class="state-title">The map is being made</p>
      <div class="state-text">
        <p>{STAGES[stage]}</p>
        {total > 0 && (
          <p class="soft">
            {formatCount(done)} of {formatCount(total)}
            {eta_s !== null && `, ${formatDuration(eta_s)} to go`}
          </p>
        )}
      </div>
      <div class="map-progress">
        <ProgressBar value={total > 0 ? done : undefined} max={total} label="Images" showPercent />
      </div>
    </div>
  );
}
