import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { Refused } from "../../../../client/client.ts";
import { whenAlive } from "../../../live/connection.ts";
import type { JobEvent } from "../../../live/job_events.ts";
import { withEvents } from "./curve_rows.ts";
import { type Curves, fetchCurves, lastEvent } from "./fetch_curves.ts";
import { DENSE, SPARSE } from "./panels.ts";

/** After so many rows that came one by one, the server is asked to thin them. */
const MOST_LIVE = 2000;
const RETRY_MS = 3000;

export interface LiveCurves {
  curves?: Curves;
  error?: Error;
  /** The event that the stream is to begin after; undefined until it is known. */
  after?: number;
  /** Takes what the stream told. */
  add(events: readonly JobEvent[]): void;
  retry(): void;
}

const extend = ({ dense, sparse }: Curves, events: readonly JobEvent[]): Curves => ({
  dense: withEvents(dense, events, DENSE),
  sparse: withEvents(sparse, events, SPARSE),
});

/** A job's curves, to which what its stream tells is added. @param id Undefined asks nothing. */
export function useCurves(id: string | undefined): LiveCurves {
  const [state, setState] = useState<{ curves?: Curves; error?: Error; after?: number }>({}),
    [turn, setTurn] = useState(0);
  // What came while the curves were on their way; they may lack it.
  const meanwhile = useRef<JobEvent[]>(), count = useRef(0);
  useEffect(() => setState({}), [id]);
  useEffect(() => {
    if (!id) return;
    const stop = new AbortController(), { signal } = stop;
    let timer: ReturnType<typeof setTimeout>;
    meanwhile.current = [];
    const load = async () => {
      try {
        const after = await lastEvent(id, signal), fetched = await fetchCurves(id, signal);
        const curves = extend(fetched, meanwhile.current ?? []);
        meanwhile.current = undefined;
        count.current = 0;
        setState((before) => ({ curves, after: before.after ?? after }));
      } catch (error) {
        if (signal.aborted) return;
        setState((before) => ({ ...before, error: error as Error }));
        if (error instanceof Refused && error.response.status < 500) return;
        await whenAlive(signal).catch(() => {});
        timer = setTimeout(() => void load(), RETRY_MS);
      }
    };
    void load();
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [id, turn]);
  const retry = useCallback(() => setTurn((turn) => turn + 1), []);
  const add = useCallback((events: readonly JobEvent[]) => {
    meanwhile.current?.push(...events);
    setState((before) => before.curves ? { ...before, curves: extend(before.curves, events) } : before);
    count.current += events.length;
    if (count.current > MOST_LIVE && !meanwhile.current) {
      count.current = 0;
      retry();
    }
  }, []);
  return { ...state, add, retry };
}
