import { useEffect, useState } from "preact/hooks";
import type { Schemas } from "../../../client/client.ts";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { Button } from "../../parts/button.tsx";
import { formatBytes, formatCount, NONE } from "../../parts/format.ts";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { PageHead, Section } from "../../parts/section.tsx";
import { Loaded } from "../../parts/states.tsx";
import { Badge, StatusPill } from "../../parts/status_pill.tsx";
import { type Column, type Sorting, Table } from "../../parts/table.tsx";
import { orderedSplits } from "./class_counts.ts";
import type { Chosen } from "./chosen_files.ts";
import { IngestProgress, reasonOf } from "./ingest_progress.tsx";
import { UploadBox } from "./upload_box.tsx";
import { UploadForm } from "./upload_form.tsx";
import { UploadList } from "./upload_list.tsx";

type Dataset = Pick<
  Schemas["Dataset"],
  "id" | "name" | "status" | "counts" | "splits" | "created_at" | "progress" | "error"
>;
const PAGE = 100;

/** All datasets, and how one becomes another of them. */
export function Screen() {
  const [chosen, setChosen] = useState<Chosen>(), [pages, setPages] = useState(1);
  const [busy, setBusy] = useState(false);
  const query = useQuery(`datasets?pages=${pages}`, async (signal) => {
    const data: Dataset[] = [];
    for (let page = 0, more = true; page < pages && more; page++) {
      const query = { limit: PAGE, after: data.at(-1)?.id }, list = { params: { query }, signal };
      const answer = await dataOf(calls().GET("/v1/datasets", list));
      data.push(...answer.data as Dataset[]);
      if (!(more = answer.has_more)) return { data, more };
    }
    return { data, more: true };
  }, { every: busy ? 1.5 : 10 });
  useEffect(() => setBusy(query.data?.data.some(({ status }) => status === "ingesting") ?? false), [
    query.data,
  ]);
  return (
    <>
      <PageHead
        title="Datasets"
        note="Images to learn from, or to look things up in: with or without labels."
      />
      <div class="stack">
        {chosen
          ? (
            <Section title="New dataset">
              <UploadForm chosen={chosen} onDone={() => setChosen(undefined)} />
            </Section>
          )
          : <UploadBox onChosen={setChosen} />}
        <UploadList />
        <Loaded query={query} lines={6}>
          {({ data, more }) => (
            <>
              <List datasets={data} />
              {more && (
                <div class="datasets-more">
                  <Button onClick={() => setPages(pages + 1)}>Show {PAGE} more</Button>
                </div>
              )}
            </>
          )}
        </Loaded>
      </div>
    </>
  );
}

const COLUMNS: Column<Dataset>[] = [
  {
    id: "name",
    head: "Name",
    main: true,
    sortable: true,
    cell: ({ id, name }) => <a class="datasets-name" href={href(`/datasets/${id}`)}>{name}</a>,
  },
  { id: "status", head: "Status", width: "15rem", cell: (dataset) => <Status dataset={dataset} /> },
  {
    id: "images",
    head: "Images",
    figures: true,
    sortable: true,
    cell: ({ counts, progress }) => formatCount(progress?.images || counts.images || undefined),
  },
  {
    id: "rejected",
    head: "Rejected",
    figures: true,
    minor: true,
    cell: ({ status, counts }) => status === "ingesting" ? NONE : formatCount(counts.rejected),
  },
  {
    id: "bytes",
    head: "Size",
    figures: true,
    sortable: true,
    cell: ({ counts }) => formatBytes(counts.bytes),
  },
  {
    id: "splits",
    head: "Splits",
    cell: ({ splits }) => (
      <span class="row">
        {Object.keys(splits).length === 0 && NONE}
        {orderedSplits(splits).map(([name, { images }]) => (
          <Badge key={name} title={`${formatCount(images)} images`}>{name}</Badge>
        ))}
      </span>
    ),
  },
  {
    id: "created",
    head: "Created",
    figures: true,
    sortable: true,
    cell: ({ created_at }) => (
      <span class="soft">
        <RelativeTime iso={created_at} />
      </span>
    ),
  },
];
const VALUES: Record<string, (dataset: Dataset) => string | number> = {
  name: ({ name }) => name.toLowerCase(),
  images: ({ counts }) => counts.images,
  bytes: ({ counts }) => counts.bytes,
  created: ({ created_at }) => created_at,
};

function List({ datasets }: { datasets: Dataset[] }) {
  const [sorting, setSorting] = useState<Sorting>({ by: "created", descending: true });
  if (datasets.length === 0) {
    return (
      <p class="datasets-none">There are no datasets yet. Labels are not needed to learn from images.</p>
    );
  }
  const value = VALUES[sorting.by], sign = sorting.descending ? -1 : 1;
  const rows = datasets.toSorted((a, b) => value(a) === value(b) ? 0 : value(a) < value(b) ? -sign : sign);
  return (
    <Section title="Datasets" note={formatCount(rows.length)} flush>
      <Table
        caption="Datasets"
        columns={COLUMNS}
        rows={rows}
        keyOf={({ id }) => id}
        {...{ sorting }}
        onSort={setSorting}
      />
    </Section>
  );
}

function Status({ dataset: { name, status, progress, error } }: { dataset: Dataset }) {
  if (status === "ingesting") {
    return (
      <span class="datasets-status">
        <StatusPill status={status} />
        <IngestProgress brief {...{ progress, name }} />
      </span>
    );
  }
  return (
    <span class="datasets-status">
      <StatusPill status={status} />
      {error && <span class="datasets-bad datasets-clamp" title={error.message}>{reasonOf(error, name)}
      </span>}
    </span>
  );
}
