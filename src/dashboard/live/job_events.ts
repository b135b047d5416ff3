import { useEffect, useRef, useState } from "preact/hooks";
import { Refused, type Schemas } from "../../client/client.ts";
import { followEvents } from "../../client/event_stream.ts";
import { reportAlive, reportLost, whenAlive } from "./connection.ts";
import { authorization } from "./session.ts";

export type JobEvent = Schemas["JobEvent"];
/** `ended`: the job has, and nothing more will come. `refused`: there is no such job, or not for this key. */
export type Following = "connecting" | "live" | "lost" | "ended" | "refused";

/** How often events are handed on, at most: a screen is not drawn for each of thousands that are replayed. */
const BATCH_MS = 100;
const LONGEST_PAUSE_MS = 15_000;

/**
 * A job's events as they come, those after `after` first; a connection that is lost is taken up by `Last-Event-ID`.
 *
 * @param job Undefined follows nothing.
 * @param onEvents Called with one or more, in order, each once. It may be another function each time.
 */
export function useJobEvents(
  job: string | undefined,
  onEvents: (events: JobEvent[]) => void,
  { after }: { after?: number } = {},
): Following {
  const [state, setState] = useState<Following>("connecting");
  const handler = useRef(onEvents);
  handler.current = onEvents;
  useEffect(() => {
    if (job === undefined) return;
    const stop = new AbortController();
    setState("connecting");
    void follow(job, {
      after,
      signal: stop.signal,
      onState: setState,
      onEvents: (events) => handler.current(events),
    });
    return () => stop.abort();
  }, [job]);
  return state;
}

async function follow(job: string, { after, signal, onState, onEvents }: {
  after?: number;
  signal: AbortSignal;
  onState: (state: Following) => void;
  onEvents: (events: JobEvent[]) => void;
}): Promise<void> {
  let last = after?.toString(), batch: JobEvent[] = [], timer: ReturnType<typeof setTimeout> | undefined;
  const hand = () => {
    clearTimeout(timer);
    timer = undefined;
    if (batch.length === 0 || signal.aborted) return;
    const events = batch;
    batch = [];
    onEvents(events);
  };
  const open = async () => {
    const headers = new Headers({ ...authorization(), Accept: "text/event-stream" });
    if (last !== undefined) headers.set("Last-Event-ID", last);
    const response = await fetch(`/v1/jobs/${encodeURIComponent(job)}/events`, { signal, headers });
    reportAlive();
    if (response.ok) onState("live");
    return response;
  };
  for (let failures = 0; !signal.aborted;) {
    try {
      // No tries of its own: whether the server is there at all is for one place to find out.
      for await (const { id, data } of followEvents(open, { refuse: Refused.of, signal, waitsMs: [] })) {
        last = id ?? last;
        failures = 0;
        batch.push(JSON.parse(data));
        timer ??= setTimeout(hand, BATCH_MS);
      }
      hand();
      return onState("ended");
    } catch (error) {
      hand();
      if (signal.aborted) return;
      if (error instanceof Refused && error.response.status < 500 && error.response.status !== 429) {
        return onState("refused");
      }
      // A stream that ends after its last event is asked for once more, and answered that there is none.
      if (error instanceof TypeError || failures > 0) onState("lost");
      if (error instanceof TypeError) reportLost();
      const pause = Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures++);
      await new Promise((resolve) => setTimeout(resolve, pause));
      await whenAlive(signal).catch(() => {});
    }
  }
}
