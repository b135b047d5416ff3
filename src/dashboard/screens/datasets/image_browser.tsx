import type { ComponentChildren } from "preact";
import { useMemo, useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { NumberInput, Select } from "../../parts/field.tsx";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { countClasses, orderedSplits } from "./class_counts.ts";
import { ClassHistogram } from "./class_histogram.tsx";
import { type Columns, filterItems, type ItemFilter, readColumns } from "./dataset_columns.ts";
import type { Dataset } from "./dataset.ts";
import { ImageDialog } from "./image_dialog.tsx";
import { ImageGrid, SIZES, type TileSize, type View } from "./image_grid.tsx";

/** All images as a grid, beside their classes, which filter it. */
export function ImageBrowser({ dataset, address }: { dataset: Dataset; address: URLSearchParams }) {
  const { id, splits, fingerprint } = dataset;
  const split = address.get("split") ?? undefined;
  const label = address.has("class") ? address.get("class")! : address.has("unlabelled") ? null : undefined;
  const query = useQuery(`dataset:${id}/columns?${fingerprint}`, async (signal) =>
    readColumns(
      await dataOf(
        calls().GET("/v1/datasets/{id}/columns", {
          params: { path: { id }, query: { fingerprint: fingerprint ?? undefined } },
          signal,
        }),
      ),
    ));
  const names = orderedSplits(splits).map(([name]) => name);
  return (
    <div class="datasets-browse">
      <Section title="Classes" note={formatCount(countClasses(splits))} flush class="datasets-classes">
        <ClassHistogram
          {...{ splits, split, chosen: label }}
          onChoose={(name) =>
            setQuery({ class: name ?? undefined, unlabelled: name === null ? 1 : undefined })}
        />
      </Section>
      <div class="datasets-images">
        <Loaded query={query} lines={6}>
          {(columns) => (
            <Grid {...{ dataset, columns, address, filter: { split, class: label } }}>
              {names.length > 1 && (
                <Select
                  {...{ label: "Split", value: split ?? "", hideLabel: true }}
                  options={[
                    { value: "", text: "All splits" },
                    ...names.map((name) => ({ value: name, text: name })),
                  ]}
                  onInput={(name) => setQuery({ split: name })}
                />
              )}
            </Grid>
          )}
        </Loaded>
      </div>
    </div>
  );
}

function Grid({ dataset, columns, filter, address, children }: {
  dataset: Dataset;
  columns: Columns;
  filter: ItemFilter;
  address: URLSearchParams;
  children: ComponentChildren;
}) {
  const by = [filter.split, filter.class];
  const places = useMemo(() => filterItems(columns, filter), [columns, ...by]);
  const view = useMemo((): View => ({ name: JSON.stringify(by) }), by);
  const size: TileSize = address.get("size") === "large" ? "large" : "small";
  const [to, setTo] = useState<number>(), [goTo, setGoTo] = useState<{ place: number; view: View }>();
  const item = address.get("item"), open = item !== null && /^\d+$/.test(item) ? Number(item) : undefined;
  const show = (n: number) => setGoTo({ place: Math.min(places.placeOf(n), places.count - 1), view });
  const filtered = filter.split !== undefined || filter.class !== undefined;
  const wrong = to !== undefined && (!Number.isInteger(to) || to < 0 || to >= columns.items);
  return (
    <div class="stack">
      <div class="toolbar datasets-toolbar">
        {children}
        <Select
          {...{ label: "Size of the images", value: size, hideLabel: true }}
          options={SIZES.map(({ name, text }) => ({ value: name, text }))}
          onInput={(name) => setQuery({ size: name === "small" ? undefined : name })}
        />
        <form
          class="datasets-goto"
          onSubmit={(event) => {
            event.preventDefault();
            if (to !== undefined && !wrong) show(to);
          }}
        >
          <NumberInput
            {...{
              label: "Go to image",
              hideLabel: true,
              placeholder: "Go to number",
              value: to,
              onInput: setTo,
            }}
            {...{ min: 0, max: columns.items - 1, step: 1 }}
          />
          <Button type="submit" blocked={wrong && `From 0 to ${columns.items - 1}`}>Go</Button>
        </form>
        <span class="datasets-shown" role="status">
          {filtered
            ? `${formatCount(places.count)} of ${formatCount(columns.items)} images`
            : `${formatCount(columns.items)} images`}
          {filtered && (
            <Button
              {...{ kind: "quiet", size: "small", icon: "close" }}
              onClick={() => setQuery({ split: undefined, class: undefined, unlabelled: undefined })}
            >
              Clear the filter
            </Button>
          )}
        </span>
      </div>
      {places.count === 0
        ? (
          <EmptyState icon="image" title="No image is like that">
            <p>This split has none of this class.</p>
          </EmptyState>
        )
        : (
          <ImageGrid
            {...{ id: dataset.id, fingerprint: dataset.fingerprint!, columns, places, view, size, goTo }}
            onOpen={(n) => setQuery({ item: n })}
          />
        )}
      {open !== undefined && open < columns.items && (
        <ImageDialog
          {...{ dataset, columns, places, n: open }}
          onMove={(to) => {
            setQuery({ item: to });
            if (to === undefined) show(open); // the focus comes back to where one has got to
          }}
        />
      )}
    </div>
  );
}
