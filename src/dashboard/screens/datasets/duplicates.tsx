import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { calls, dataOf } from "../../live/session.ts";
import { ApiImage } from "../../parts/api_image.tsx";
import { formatCount } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { EmptyState, ErrorState, Notice, Skeleton } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { VirtualList } from "../../parts/virtual.tsx";
import type { Dataset } from "./dataset.ts";
import { imagePath } from "./image_tile.tsx";
import { usePages } from "./use_pages.ts";

type Group = Schemas["DuplicateGroup"] & { place: number };
type Labels = NonNullable<Dataset["duplicates"]>["across_with_labels"][number];
const PX = 72, ROW = 124;

const COLUMNS: Column<Labels>[] = [
  {
    id: "labels",
    head: "Where they stand",
    main: true,
    cell: ({ labels }) => (
      <span class="row">
        {labels.map((label) => <Place key={`${label.split} ${label.class}`} {...label} />)}
      </span>
    ),
  },
  {
    id: "contents",
    head: "Images",
    figures: true,
    width: "7rem",
    cell: ({ contents }) => formatCount(contents),
  },
];

const Place = ({ split, class: label }: { split: string; class: string | null }) => (
  <Badge>{label === null ? split : `${split} / ${label}`}</Badge>
);

/** Images that stand in more than one split: figures that a test split gives are too good by them. */
export function Duplicates({ dataset: { id, duplicates, fingerprint } }: {
  dataset: Dataset;
  address: URLSearchParams;
}) {
  const pages = usePages<Group>(`${id} ${fingerprint}`, async (count, signal) => {
    const query = { limit: 100, ...(count > 0 && { after: count - 1 }) };
    const { data, has_more } = await dataOf(
      calls().GET("/v1/datasets/{id}/duplicates", { params: { path: { id }, query }, signal }),
    );
    return { data: data.map((group, n) => ({ ...group, place: count + n })), has_more };
  });
  const { rows, loading, error, next } = pages;
  if (error && rows.length === 0) return <ErrorState error={error} retry={next} />;
  if (loading) return <Skeleton lines={5} />;
  if (rows.length === 0) {
    return (
      <EmptyState icon="check" title="No image stands in more than one split">
        <p>
          What was compared is pixels, once they had been shrunk.
          {duplicates && duplicates.within > 0 &&
            ` Within their own split ${formatCount(duplicates.within)} images repeat an earlier one.`}
        </p>
      </EmptyState>
    );
  }
  return (
    <div class="stack">
      <Notice tone="warning">
        A model that learns from one of these has seen the other: figures of the other split come out too
        good.
      </Notice>
      <Section title="Between which splits" flush>
        <Table
          {...{ caption: "Duplicates by split and class", columns: COLUMNS }}
          rows={duplicates?.across_with_labels ?? []}
          keyOf={({ labels }) => JSON.stringify(labels)}
        />
      </Section>
      <Section
        title="Images"
        note={(duplicates?.across ?? 0) > 1000 ? "the first thousand" : formatCount(duplicates?.across)}
        flush
      >
        <VirtualList
          {...{ label: "Duplicates", rows, rowHeight: ROW, height: "70vh", onEnd: next }}
          keyOf={({ place }) => place}
          render={(group) => <Pair id={id} group={group} />}
        />
        {error && <ErrorState error={error} retry={next} title="The rest could not be loaded" />}
      </Section>
    </div>
  );
}

function Pair({ id, group: { items, images } }: { id: string; group: Group }) {
  return (
    <div class="datasets-pair">
      {items.map(({ n, path, split, class: label }) => (
        <a
          key={n}
          class="datasets-twin"
          href={href(`/datasets/${id}`, { item: n })}
          title={path}
        >
          <ApiImage src={imagePath(id, n, PX)} alt="" size={PX} />
          <span class="one-line">{split}{label !== null && ` / ${label}`}</span>
          <span class="one-line soft">{path.slice(path.lastIndexOf("/") + 1)}</span>
        </a>
      ))}
      {images > items.length && <span class="soft">and {formatCount(images - items.length)} more</span>}
    </div>
  );
}
