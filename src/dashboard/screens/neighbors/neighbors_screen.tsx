import { setQuery } from "../../live/address.ts";
import { DatasetSelect, ModelSelect } from "../../parts/choice_selects.tsx";
import { type Both, ChooseBoth } from "../../parts/choose_both.tsx";
import { NumberInput, Select } from "../../parts/field.tsx";
import { PageHead } from "../../parts/section.tsx";
import { ErrorState } from "../../parts/states.tsx";
import type { ScreenProps } from "../../screen_props.ts";
import { PickGrid } from "./pick_grid.tsx";
import { Results } from "./results.tsx";
import { WantedPanel } from "./wanted_panel.tsx";

const K = 24, MOST = 200;

/** The nearest images of a dataset to one image, by a model, or by two beside each other. */
export function Screen({ query }: ScreenProps) {
  return (
    <>
      <PageHead title="Neighbours" note="The images of a dataset that a model finds most alike, exactly." />
      <ChooseBoth query={query} what="search" why="Neighbours are found by a model's embeddings">
        {(both) => <Search {...both} query={query} />}
      </ChooseBoth>
    </>
  );
}

function Search({ datasets, models, dataset: id, model, item, query }: Both & { query: URLSearchParams }) {
  const dataset = datasets.find((each) => each.id === id), other = query.get("other") ?? "";
  const k = Math.min(MOST, Math.max(1, Math.trunc(Number(query.get("k") ?? K)) || K));
  const split = query.get("split") ?? "";
  const kept = { ...Object.fromEntries(query), dataset: id, model };
  return (
    <div class="stack">
      <div class="toolbar neighbors-bar">
        <DatasetSelect
          value={id}
          datasets={datasets}
          onInput={(dataset) => setQuery({ dataset, item: undefined, split: undefined })}
        />
        <ModelSelect value={model} models={models} onInput={(model) => setQuery({ model })} />
        <ModelSelect
          label="Beside it"
          value={other}
          models={models}
          none="no other model"
          onInput={(other) => setQuery({ other })}
        />
        <div class="neighbors-small">
          <Select
            label="Split"
            value={split}
            options={[{ value: "", text: "all" }, ...Object.keys(dataset?.splits ?? {})]}
            onInput={(split) => setQuery({ split })}
          />
        </div>
        <div class="neighbors-small">
          <NumberInput
            label="How many"
            value={k}
            min={1}
            max={MOST}
            step={1}
            onInput={(k) => k !== undefined && k >= 1 && k <= MOST && setQuery({ k })}
          />
        </div>
      </div>
      {dataset
        ? (
          <div class="neighbors-layout">
            <div class="stack">
              <WantedPanel dataset={dataset} item={item} />
              <PickGrid key={id} dataset={dataset} item={item} query={kept} />
            </div>
            <Results {...{ dataset, model, other, k, split, item, query: kept }} />
          </div>
        )
        : (
          <ErrorState
            title="This dataset is not here"
            error={new Error(`${id} is no dataset that is ready: choose another one.`)}
          />
        )}
    </div>
  );
}
