import type { ComponentChildren } from "preact";
import { type DatasetChoice, type ModelChoice, useDatasetChoices, useModelChoices } from "../live/choices.ts";
import { Button } from "./button.tsx";
import { EmptyState, Loaded } from "./states.tsx";

/** A dataset and a model, as the address names them, or else the newest of each; and all that there are. */
export interface Both {
  datasets: DatasetChoice[];
  models: ModelChoice[];
  /** An id. */
  dataset: string;
  /** An alias, or an id. */
  model: string;
  /** The image that the address names, if it does. */
  item: number | undefined;
}

/**
 * What a screen needs that is of a dataset by a model; says what to do where there is none of either.
 *
 * @param what What there is no dataset to do with: "map". @param why What a model is needed for.
 */
export function ChooseBoth({ query, what, why, children }: {
  query: URLSearchParams;
  what: string;
  why: string;
  children: (both: Both) => ComponentChildren;
}) {
  const datasets = useDatasetChoices(), models = useModelChoices();
  const asked = query.get("item"), item = asked !== null && /^\d+$/.test(asked) ? Number(asked) : undefined;
  return (
    <Loaded query={datasets} lines={8}>
      {(datasets) => (
        <Loaded query={models} lines={8}>
          {(models) => {
            if (datasets.length === 0) return <NoDataset what={what} />;
            if (models.length === 0) return <NoModel why={why} />;
            const dataset = query.get("dataset") ?? datasets[0].id,
              model = query.get("model") ?? models[0].id;
            return children({ datasets, models, dataset, model, item });
          }}
        </Loaded>
      )}
    </Loaded>
  );
}

function NoDataset({ what }: { what: string }) {
  return (
    <EmptyState
      icon="datasets"
      title={`There is no dataset to ${what} yet`}
      actions={<Button kind="primary" icon="upload" href="#/datasets">Go to the datasets</Button>}
    >
      Upload one, and wait until it is ready.
    </EmptyState>
  );
}

function NoModel({ why }: { why: string }) {
  return (
    <EmptyState
      icon="models"
      title="There is no model yet"
      actions={<Button kind="primary" href="#/new">New job</Button>}
    >
      {why}: train one, or import one.
    </EmptyState>
  );
}
