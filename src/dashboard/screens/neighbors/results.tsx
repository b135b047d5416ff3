import { useState } from "preact/hooks";
import type { DatasetChoice } from "../../live/choices.ts";
import { type Query, useQuery } from "../../live/query.ts";
import { can } from "../../live/session.ts";
import { href } from "../../live/address.ts";
import { formatCount, formatPercent, shortId } from "../../parts/format.ts";
import { ProgressBar } from "../../parts/progress_bar.tsx";
import { Section } from "../../parts/section.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { askNeighbors, type IndexProgress, type Wanted } from "./ask_neighbors.ts";
import { compareRanks, countClasses, type Neighbor, overlap } from "./compare_ranks.ts";
import { dropped } from "./dropped_image.ts";
import { NeighborList } from "./neighbor_list.tsx";
import { useItem } from "./wanted_panel.tsx";

interface Asked {
  dataset: DatasetChoice;
  model: string;
  other: string;
  k: number;
  split: string;
  item: number | undefined;
  query: Record<string, string>;
}

/** What was found: one grid, or two lists beside each other. */
export function Results(asked: Asked) {
  const { dataset, model, other, item, query } = asked, image = dropped.value;
  const label = useItem(dataset.id, item).data?.class;
  const wanted: Wanted | undefined = item !== undefined ? { item } : image && { file: image.file };
  const here = useNeighbors(asked, model, wanted), there = useNeighbors(asked, other, wanted);
  if (!can("embed")) {
    return (
      <Notice tone="warning">
        Your key may look at datasets, but not search them: that needs one with the scope <code>embed</code>.
      </Notice>
    );
  }
  if (!wanted) {
    return (
      <Section class="neighbors-found">
        <EmptyState icon="neighbors" title="Whose neighbours?">
          Drop or paste an image, or pick one of the dataset.
        </EmptyState>
      </Section>
    );
  }
  if (!other) return <Side {...{ ...asked, found: here, label, name: `Neighbours by ${nameOf(model)}` }} />;
  const both = here.query.data && there.query.data && overlap(here.query.data, there.query.data);
  return (
    <div class="stack neighbors-found">
      {both && (
        <Notice>
          {formatCount(both.common)} of {formatCount(here.query.data!.length)} are common to both
          {both.common > 0 &&
            `: they are marked. That is ${formatPercent(both.share, 0)} of all that either finds`}.
        </Notice>
      )}
      <div class="neighbors-sides">
        {([[here, there, model, other], [there, here, other, model]] as const).map((
          [found, against, id, rival],
          side,
        ) => (
          <Side
            key={side}
            {...{ ...asked, found, label, query, name: `By ${nameOf(id)}` }}
            against={nameOf(rival)}
            others={against.query.data}
          />
        ))}
      </div>
    </div>
  );
}

const nameOf = (model: string): string => shortId(model);

interface Found {
  query: Query<Neighbor[]>;
  /** Of embeddings that are being made. */
  making: { progress: IndexProgress } | undefined;
}

function useNeighbors({ dataset, k, split, item }: Asked, model: string, wanted: Wanted | undefined): Found {
  const [making, setMaking] = useState<Found["making"]>();
  const what = item !== undefined ? `item=${item}` : `image=${dropped.value?.key}`;
  const key = wanted && model && can("embed")
    ? `neighbors:${dataset.id}?model=${model}&k=${k}&split=${split}&${what}`
    : undefined;
  const query = useQuery(key, async (signal) => {
    try {
      const search = { dataset: dataset.id, model, k, split: split || undefined, wanted: wanted! };
      return await askNeighbors(search, signal, (progress) => setMaking({ progress }));
    } finally {
      if (!signal.aborted) setMaking(undefined);
    }
  });
  return { query, making };
}

function Side({ found, dataset, label, name, against, others, query }: Pick<Asked, "dataset" | "query"> & {
  found: Found;
  label: string | null | undefined;
  name: string;
  against?: string;
  others?: Neighbor[];
}) {
  const { data, error, refresh } = found.query;
  const nearest = data && countClasses(data).slice(0, 4);
  return (
    <Section
      title={name}
      class="neighbors-found"
      actions={data && data.length > 0 && !against && (
        <a
          class="button button-plain button-small"
          href={href("/map", { dataset: dataset.id, model: query.model })}
        >
          Open the map
        </a>
      )}
    >
      {data
        ? (
          <div class="stack">
            {nearest && nearest.some(([name]) => name !== null) && (
              <div class="row" role="group" aria-label="Classes among them">
                {nearest.map(([name, count]) => (
                  <Badge key={name ?? ""} tone={label != null && name === label ? "accent" : "plain"}>
                    {name ?? "no class"} {formatCount(count)}
                  </Badge>
                ))}
              </div>
            )}
            <NeighborList
              {...{ dataset: dataset.id, name, label, against, query }}
              compared={compareRanks(data, others)}
            />
            {data.length === 0 && <p class="soft">There is no other image to search.</p>}
          </div>
        )
        : error
        ? <ErrorState title="This could not be searched" error={error} retry={refresh} />
        : found.making
        ? <InTheMaking progress={found.making.progress} />
        : <Skeleton lines={8} />}
    </Section>
  );
}

function InTheMaking({ progress }: { progress: IndexProgress }) {
  return (
    <div class="state" role="status">
      <p class="state-title">The dataset is being embedded</p>
      <div class="state-text">
        <p>
          {progress
            ? `${formatCount(progress.done)} of ${formatCount(progress.total)} images by this model.`
            : "It is about to begin."} It is done once; after that answers take an instant.
        </p>
      </div>
      <div class="neighbors-progress">
        <ProgressBar value={progress?.done} max={progress?.total} label="Images embedded" showPercent />
      </div>
    </div>
  );
}
