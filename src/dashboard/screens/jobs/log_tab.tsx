import { useEffect, useState } from "preact/hooks";
import { setQuery } from "../../live/address.ts";
import type { JobEvent } from "../../live/job_events.ts";
import { useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { Button } from "../../parts/button.tsx";
import { Select } from "../../parts/field.tsx";
import { formatTime } from "../../parts/format.ts";
import { Section } from "../../parts/section.tsx";
import { EmptyState, Loaded } from "../../parts/states.tsx";
import { Badge } from "../../parts/status_pill.tsx";
import { type Column, Table } from "../../parts/table.tsx";
import { eventText } from "./event_text.ts";
import { hasEnded, type Job } from "./job_filter.ts";

const PAGE = 100;
const FILTERS = [
  { value: "status,message,checkpoint", text: "All but figures" },
  { value: "message", text: "Messages" },
  { value: "status", text: "Statuses" },
  { value: "checkpoint", text: "Checkpoints" },
  { value: "metrics", text: "Figures" },
  { value: "status,message,checkpoint,metrics", text: "Everything" },
];
type Types = ("status" | "metrics" | "checkpoint" | "message")[];

const columnsOf = (begins: ReadonlySet<number>): Column<JobEvent>[] => [
  {
    id: "seq",
    head: "#",
    width: "4rem",
    figures: true,
    minor: true,
    cell: ({ seq }) => <span class="soft">{seq}</span>,
  },
  {
    id: "time",
    head: "Time",
    figures: true,
    width: "12rem",
    cell: ({ seq, created_at }) => (
      <time class="soft" dateTime={created_at} title={formatTime(created_at)}>
        {begins.has(seq) ? formatTime(created_at) : clockOf(created_at)}
      </time>
    ),
  },
  { id: "type", head: "Type", width: "7rem", cell: ({ type }) => <Badge>{type}</Badge> },
  {
    id: "text",
    head: "What",
    main: true,
    cell: (event) => {
      const { text, tone } = eventText(event);
      return <span class={`jobs-event jobs-event-${tone}`}>{text}</span>;
    },
  },
];

/** 2 Jan 2026, 03:04:05 → 03:04:05 */
const clockOf = (iso: string): string => formatTime(iso).split(", ").at(-1)!;
const dayOf = (iso: string): string => formatTime(iso).split(", ")[0];

/** Those that are the first to be read of their day, in the reader's zone: they show it for all. */
const beginDays = (events: readonly JobEvent[]): Set<number> =>
  new Set(
    events.filter(({ created_at }, n) => n === 0 || dayOf(events[n - 1].created_at) !== dayOf(created_at))
      .map(({ seq }) => seq),
  );

async function fetchEvents(id: string, types: string, after: number | undefined, signal?: AbortSignal) {
  const data = await dataOf(
    calls().GET("/v1/jobs/{id}/events", {
      params: { path: { id }, query: { order: "desc", type: types.split(",") as Types, limit: PAGE, after } },
      headers: { Accept: "application/json" },
      signal,
    }),
  );
  return data as unknown as { data: JobEvent[]; has_more: boolean };
}

/** What a job has told, the latest first; older pages on demand. */
export function LogTab({ job, asked }: { job: Job; asked: URLSearchParams }) {
  const { id } = job,
    types = FILTERS.find(({ value }) => value === asked.get("log"))?.value ?? FILTERS[0].value;
  const query = useQuery(`job:${id}/log?${types}`, (signal) => fetchEvents(id, types, undefined, signal), {
    every: hasEnded(job) ? 0 : 2,
  });
  const [older, setOlder] = useState<{ types: string; events: JobEvent[]; more: boolean }>();
  const [busy, setBusy] = useState(false), mine = older?.types === types ? older : undefined;
  // What the first page has pushed out of itself is kept: pages after it begin where it ended then.
  const first = query.data?.data ?? [], events = merged(first, mine?.events ?? []);
  useEffect(() => {
    if (mine && first.length > 0) setOlder({ ...mine, events });
  }, [query.data]);
  const more = mine ? mine.more : query.data?.has_more;
  const fetchOlder = async () => {
    setBusy(true);
    try {
      const page = await fetchEvents(id, types, events.at(-1)!.seq);
      setOlder({ types, events: [...events, ...page.data], more: page.has_more });
    } catch (error) {
      toast(`The log could not be loaded: ${(error as Error).message}`, "bad");
    }
    setBusy(false);
  };
  return (
    <Section
      title="Log"
      note="latest first"
      actions={
        <Select
          {...{ label: "Which events", hideLabel: true, value: types, options: FILTERS }}
          onInput={(log) => setQuery({ log: log === FILTERS[0].value ? undefined : log })}
        />
      }
      flush
      class="jobs-log table-short"
    >
      <Loaded query={query}>
        {() => (
          <>
            <Table
              {...{ caption: "Events", columns: columnsOf(beginDays(events)), rows: events }}
              keyOf={({ seq }) => seq}
              empty={<EmptyState title="Nothing of that kind has happened" />}
            />
            {more && (
              <div class="jobs-older">
                <Button icon="down" busy={busy} onClick={fetchOlder}>Older</Button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Section>
  );
}

function merged(first: readonly JobEvent[], older: readonly JobEvent[]): JobEvent[] {
  const last = first.at(-1)?.seq ?? Infinity;
  return [...first, ...older.filter(({ seq }) => seq < last)];
}
