import { effect } from "@preact/signals";
import { useEffect, useReducer } from "preact/hooks";
import { Refused } from "../../client/client.ts";
import { outage } from "./connection.ts";

export interface Query<T> {
  /** The last answer, of this key; kept while a newer one is on its way, or was refused. */
  data?: T;
  /** Why the last try failed; undefined once one succeeds. */
  error?: Error;
  /** Whether nothing is there to show yet. */
  loading: boolean;
  /** Asks again, now. */
  refresh(): void;
}
interface Entry {
  data?: unknown;
  error?: Error;
  at: number;
  failures: number;
  running?: AbortController;
  timer?: ReturnType<typeof setTimeout>;
  /** Those that show it, and what asks for it. */
  users: Map<symbol, { notify(): void; fetcher(signal: AbortSignal): Promise<unknown>; everyMs: number }>;
}

const entries = new Map<string, Entry>();
/** Answers that nobody shows any more, but may again soon. */
const KEPT = 100;
/** How young an answer is not asked for again when a screen opens, in ms. */
const FRESH_MS = 2000;
const LONGEST_WAIT_MS = 60_000;

/**
 * What `fetcher` answers, kept by `key` for all who use it: an old answer is shown while a new one is fetched.
 *
 * @param key Everything that the answer depends on, such as `jobs?status=running`; undefined asks nothing.
 * @param options.every Seconds between askings; not while the tab is hidden, and less often while it fails.
 */
export function useQuery<T>(
  key: string | undefined,
  fetcher: (signal: AbortSignal) => Promise<T>,
  { every = 0 }: { every?: number } = {},
): Query<T> {
  const [, notify] = useReducer((count: number, _: void) => count + 1, 0);
  useEffect(() => {
    if (key === undefined) return;
    const entry = entryOf(key), user = Symbol();
    entry.users.set(user, { notify: () => notify(), fetcher, everyMs: 1000 * every });
    if (!entry.running && performance.now() - entry.at > FRESH_MS) void ask(entry);
    else plan(entry);
    return () => {
      entry.users.delete(user);
      if (entry.users.size > 0) return plan(entry);
      clearTimeout(entry.timer);
      entry.running?.abort();
      entry.running = undefined; // whoever comes next asks anew
    };
  }, [key, every]);
  const entry = key === undefined ? undefined : entries.get(key);
  return {
    data: entry?.data as T | undefined,
    error: entry?.error,
    loading: entry?.data === undefined && entry?.error === undefined,
    refresh: () => key !== undefined && void ask(entryOf(key)),
  };
}

/** Has all queries whose key begins so asked again: after a change, say. */
export function invalidate(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    entry.at = -Infinity;
    if (entry.users.size > 0) void ask(entry);
  }
}

/** Puts an answer there that came by other means, such as that of a change. */
export function setQueryData(key: string, data: unknown): void {
  const entry = entryOf(key);
  Object.assign(entry, { data, error: undefined, at: performance.now() });
  for (const { notify } of entry.users.values()) notify();
}

function entryOf(key: string): Entry {
  const entry = entries.get(key) ?? { at: -Infinity, failures: 0, users: new Map() };
  entries.delete(key);
  entries.set(key, entry); // the last used is the last
  for (const [old, { users }] of entries) {
    if (entries.size <= KEPT) break;
    if (users.size === 0 && old !== key) entries.delete(old);
  }
  return entry;
}

async function ask(entry: Entry): Promise<void> {
  const [user] = entry.users.values();
  if (!user) return;
  entry.running?.abort();
  clearTimeout(entry.timer);
  const running = entry.running = new AbortController();
  try {
    const data = await user.fetcher(running.signal);
    if (running.signal.aborted) return;
    Object.assign(entry, { data, error: undefined, failures: 0, at: performance.now() });
  } catch (error) {
    if (running.signal.aborted) return;
    entry.error = error as Error;
    entry.failures++;
  }
  entry.running = undefined;
  for (const { notify } of entry.users.values()) notify();
  plan(entry);
}

/** Has it asked again in time, if somebody wants that, or if the last try might have gone otherwise. */
function plan(entry: Entry): void {
  clearTimeout(entry.timer);
  if (entry.running) return;
  const wanted = [...entry.users.values()].map(({ everyMs }) => everyMs).filter((ms) => ms > 0);
  const passing = entry.error && !(entry.error instanceof Refused && entry.error.response.status < 500);
  if (outage.value || entry.users.size === 0 || (wanted.length === 0 && !passing)) return;
  const base = wanted.length > 0 ? Math.min(...wanted) : 2000;
  const wait = Math.min(LONGEST_WAIT_MS, base * 2 ** Math.min(entry.failures, 6));
  const left = entry.failures > 0 ? wait : Math.max(0, entry.at + wait - performance.now());
  entry.timer = setTimeout(() => {
    if (document.hidden) addEventListener("visibilitychange", () => plan(entry), { once: true });
    else void ask(entry);
  }, left);
}

// While the server is away it is looked for once for all; what failed meanwhile is asked for again when it is back.
effect(() => {
  if (outage.value) return;
  for (const entry of entries.values()) {
    if (entry.error instanceof TypeError) void ask(entry);
    else plan(entry);
  }
});
