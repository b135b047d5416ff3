import { useEffect, useState } from "preact/hooks";
import { href } from "../../live/address.ts";
import { useQuery } from "../../live/query.ts";
import { Button } from "../../parts/button.tsx";
import { Id } from "../../parts/copy_button.tsx";
import { formatCount } from "../../parts/format.ts";
import { RelativeTime } from "../../parts/relative_time.tsx";
import { Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { askCheckpoints, type Checkpoint, type Model, scoreOf } from "./model_data.ts";
import { MOST_COMPARED } from "./comparison.tsx";

const PAGE = 50;

/** All checkpoints, newest first, a page at a time; some may be chosen, to be compared. */
export function CheckpointTable({ aliases, compared, onCompare, onServe, onImport }: {
  aliases: Model[];
  compared: string[];
  onCompare: (ids: string[]) => void;
  onServe: (checkpoint: Checkpoint) => void;
  onImport: () => void;
}) {
  const first = useQuery("models?checkpoints", (signal) => askCheckpoints({ limit: PAGE }, signal), {
    every: 10,
  });
  const { rows, more, busy, fetchMore } = useMore(first.data);
  const choose = (id: string, on: boolean) =>
    onCompare(on ? [...compared, id] : compared.filter((each) => each !== id));
  const columns: Column<Checkpoint>[] = [
    {
      ...{ id: "compare", head: <span class="unseen">Compare</span>, width: "2rem" },
      cell: ({ id }) => (
        <label class="models-choose">
          <input
            type="checkbox"
            aria-label={`Compare ${id}`}
            checked={compared.includes(id)}
            disabled={!compared.includes(id) && compared.length >= MOST_COMPARED}
            onChange={({ currentTarget }) => choose(id, currentTarget.checked)}
          />
          <span aria-hidden="true">compare</span>
        </label>
      ),
    },
    {
      ...{ id: "id", head: "Checkpoint", main: true },
      cell: ({ id }) => (
        <span class="row">
          <Id id={id} to={href(`/models/${id}`)} copy />
          {aliases.filter(({ checkpoint }) => checkpoint === id).map(({ id: alias }) => (
            <Badge key={alias} tone="accent">{alias}</Badge>
          ))}
        </span>
      ),
    },
    {
      id: "arch",
      head: "Encoder",
      cell: ({ arch, px }) => <span class="models-line">{arch} · {px} px</span>,
    },
    {
      ...{ id: "job", head: "Made by" },
      cell: ({ job }) => job === null ? "import" : <Id id={job} to={href(`/jobs/${job}`)} />,
    },
    {
      ...{ id: "step", head: "Step", figures: true },
      cell: ({ job, step }) => job === null ? "–" : formatCount(step),
    },
    {
      id: "score",
      head: "Accuracy",
      figures: true,
      cell: (one) => <span class="models-line">{scoreOf(one) || "–"}</span>,
    },
    {
      id: "made",
      head: "Created",
      figures: true,
      minor: true,
      cell: ({ created_at }) => (
        <span class="models-line soft">
          <RelativeTime iso={created_at} />
        </span>
      ),
    },
    {
      ...{ id: "actions", head: <span class="unseen">Actions</span>, width: "5rem" },
      cell: (one) => (
        <Button
          size="small"
          needs="admin"
          title={`Serve ${one.id} under a name`}
          onClick={() => onServe(one)}
        >
          Serve
        </Button>
      ),
    },
  ];
  return (
    <Section
      class="models-checkpoints"
      title="All checkpoints"
      note={compared.length === 0
        ? "tick some to see their evaluations side by side"
        : `${compared.length} ticked`}
      actions={compared.length > 0 && (
        <Button size="small" kind="quiet" onClick={() => onCompare([])}>Untick all</Button>
      )}
      flush
    >
      <Loaded query={first} lines={6}>
        {() =>
          rows.length === 0
            ? (
              <EmptyState
                icon="models"
                title="There is no checkpoint yet"
                actions={
                  <>
                    <Button kind="primary" icon="play" needs="train" href={href("/new")}>Train one</Button>
                    <Button icon="upload" needs="train" onClick={onImport}>Import one</Button>
                  </>
                }
              >
                Training makes them, or bring a ResNet of torchvision's, timm's or transformers'.
              </EmptyState>
            )
            : (
              <>
                <Table caption="Checkpoints" columns={columns} rows={rows} keyOf={({ id }) => id} />
                {more && (
                  <p class="models-more">
                    <Button busy={busy} onClick={fetchMore}>Show older ones</Button>
                  </p>
                )}
              </>
            )}
      </Loaded>
    </Section>
  );
}

/** The first page, which is kept new, and behind it those that were asked for. */
function useMore(first: { data: Checkpoint[]; has_more: boolean } | undefined) {
  const [older, setOlder] = useState<{ data: Checkpoint[]; has_more: boolean }>();
  const [busy, setBusy] = useState(false);
  const top = first?.data ?? [], last = top.at(-1)?.id;
  // What has moved down from the first page meanwhile is neither lost nor there twice.
  const seen = new Set(top.map(({ id }) => id));
  const rest = (older?.data ?? []).filter(({ id }) => !seen.has(id));
  useEffect(() => {
    if (top.length === 0) setOlder(undefined);
  }, [last]);
  const fetchMore = async () => {
    setBusy(true);
    try {
      const after = rest.at(-1)?.id ?? last, page = await askCheckpoints({ after, limit: PAGE });
      setOlder({ data: [...rest, ...page.data], has_more: page.has_more });
    } finally {
      setBusy(false);
    }
  };
  return { rows: [...top, ...rest], more: older?.has_more ?? first?.has_more ?? false, busy, fetchMore };
}
