import { setQuery } from "../../live/address.ts";
import {
  type DatasetChoice,
  type ModelChoice,
  useDatasetChoices,
  useModelChoices,
} from "../../live/choices.ts";
import { Button } from "../../parts/button.tsx";
import { DatasetSelect, ModelSelect } from "../../parts/choice_selects.tsx";
import { NumberInput, Select } from "../../parts/field.tsx";
import { PageHead } from "../../parts/section.tsx";
import { EmptyState, ErrorState, Loaded } from "../../parts/states.tsx";
import { PickGrid } from "./pick_grid.tsx";
import { Results } from "./results.tsx";
import { WantedPanel } from "./wanted_panel.tsx";

const K = 24, MOST = 200;

/** The nearest images of a dataset to one image, by a model, or by two beside each other. */
export function Screen({ query }: { query: URLSearchParams }) {
  const datasets = useDatasetChoices(), models = useModelChoices();
  return (
    <>
      <PageHead title="Neighbours" note="The images of a dataset that a model finds most alike, exactly." />
      <Loaded query={datasets} lines={6}>
        {(datasets) => (
          <Loaded query={models} lines={6}>
            {(models) => <Choose {...{ datasets, models, query }} />}
          </Loaded>
        )}
      </Loaded>
    </>
  );
}

function Choose({ datasets, models, query }: {
  datasets: DatasetChoice[];
  models: ModelChoice[];
  query: URLSearchParams;
}) {
  if (datasets.length === 0) {
    return (
      <EmptyState
        icon="datasets"
        title="There is no dataset to search yet"
        actions={<Button kind="primary" href="#/datasets">Datasets</Button>}
      >
        Upload one, and wait until it is ready.
      </EmptyState>
    );
  }
  if (models.length === 0) {
    return (
      <EmptyState
        icon="models"
        title="There is no model yet"
        actions={<Button kind="primary" href="#/new">New job</Button>}
      >
        Neighbours are found by a model's embeddings: train one, or import one.
      </EmptyState>
    );
  }
  const id = query.get("dataset") ?? datasets[0].id, dataset = datasets.find((each) => each.id === id);
  const model = query.get("model") ?? models[0].id, other = query.get("other") ?? "";
  const k = Math.min(MOST, Math.max(1, Math.trunc(Number(query.get("k") ?? K)) || K));
  const split = query.get("split") ?? "", asked = query.get("item");
  const item = asked !== null && /^\d+$/.test(asked) ? Number(asked) : undefined;
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
