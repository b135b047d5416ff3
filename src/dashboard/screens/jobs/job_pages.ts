import { useEffect, useRef, useState } from "preact/hooks";
import { type Query, useQuery } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { TaggedAnswers } from "../../live/tagged_answers.ts";
import { toast } from "../../live/toasts.ts";
import { settle } from "./job_actions.ts";
import {
  ACTIVE,
  type Job,
  type JobFilter,
  type Kept,
  keyOf,
  withFirst,
  withNewer,
  withNext,
} from "./job_filter.ts";

const FIRST = 200, NEXT = 500, POLL_S = 2;
type Page = { data: Job[]; has_more: boolean };

const answers = new TaggedAnswers<Page>();

const firstPage = (filter: JobFilter, limit: number, signal: AbortSignal): Promise<Page> =>
  answers.ask(`${limit}:${keyOf(filter)}`, (tag) => {
    const params = { query: { ...filter, limit }, header: { "if-none-match": tag } };
    return calls().GET("/v1/jobs", { params, signal });
  });

export interface JobPages {
  query: Query<Page>;
  jobs: readonly Job[];
  more: boolean;
  /** Fetches the next page, unless one is on its way. */
  fetchNext(): void;
}

/** The jobs that a filter lets through, as far as they have been scrolled to, kept true. */
export function useJobPages(filter: JobFilter): JobPages {
  const key = keyOf(filter), [kept, setKept] = useState<Kept & { key: string }>();
  const busy = useRef<AbortController>();
  const query = useQuery(key, (signal) => firstPage(filter, FIRST, signal), { every: POLL_S });
  const mine = kept?.key === key ? kept : undefined;
  const beyond = (mine?.jobs.length ?? 0) > FIRST;
  // What runs, wherever in the list it stands; the first page is asked for anyway.
  const active = (filter.status ?? ACTIVE).filter((status) => (ACTIVE as readonly string[]).includes(status));
  const running = useQuery(
    beyond && active.length > 0 ? `${key}&active` : undefined,
    (signal) => firstPage({ ...filter, status: active }, 1000, signal),
    { every: 2 * POLL_S },
  );
  const change = (by: (kept: Kept | undefined) => Kept) =>
    setKept((before) => ({ ...by(before?.key === key ? before : undefined), key }));
  useEffect(() => {
    if (!query.data) return;
    settle(query.data.data);
    change((before) => withFirst(before, query.data!));
  }, [query.data, key]);
  useEffect(() => {
    if (!running.data || !beyond) return;
    settle(running.data.data);
    change((before) => withNewer(before ?? { jobs: [], more: true }, running.data!.data));
  }, [running.data]);
  useEffect(() => () => busy.current?.abort(), [key]);
  const fetchNext = async () => {
    const after = mine?.jobs.at(-1)?.id;
    if (!after || !mine.more || (busy.current && !busy.current.signal.aborted)) return;
    const asking = busy.current = new AbortController();
    try {
      const page = await dataOf(
        calls().GET("/v1/jobs", {
          params: { query: { ...filter, after, limit: NEXT } },
          signal: asking.signal,
        }),
      );
      change((before) => before ? withNext(before, after, page) : { jobs: [], more: true });
    } catch (error) {
      if (!asking.signal.aborted) toast(`Older jobs could not be loaded: ${(error as Error).message}`, "bad");
    }
    asking.abort();
  };
  const first = query.data && { jobs: query.data.data, more: query.data.has_more };
  const shown = mine ?? first ?? { jobs: [], more: false };
  return { query, jobs: shown.jobs, more: shown.more, fetchNext: () => void fetchNext() };
}
