import { EventSourceParserStream } from "eventsource-parser/stream";

/** Waits between tries to take a broken stream up again, in ms; after as many failures in a row it is given up. */
const WAITS_MS = [100, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000];

/** One server-sent event. */
export interface ServerSentEvent {
  id?: string;
  data: string;
}

/**
 * Server-sent events, over as many connections as it takes: one that breaks off, is refused for now (429, 5xx) or ends is
 * opened again after the last event that came.
 *
 * @param open Opens the stream after that event; a 204 from it says that there is nothing more to come.
 * @throws What `open` throws or, for an answer that is not an event stream, what `refuse` makes of it; after too many
 *   failures in a row the last one.
 */
export async function* followEvents(
  open: (lastEventId: string | undefined) => Promise<Response>,
  { refuse, signal, waitsMs = WAITS_MS }: {
    refuse: (response: Response) => Promise<Error>;
    signal?: AbortSignal;
    waitsMs?: readonly number[];
  },
): AsyncGenerator<ServerSentEvent> {
  let last: string | undefined;
  for (let failures = 0;;) {
    let failure: unknown;
    try {
      const response = await open(last);
      if (response.status === 204) return;
      if (!response.ok || !response.body) {
        const error = await refuse(response);
        if (response.status < 500 && response.status !== 429) throw new Final(error);
        throw error;
      }
      const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(
        new EventSourceParserStream(),
      );
      for await (const { id, data } of events) {
        last = id ?? last;
        failures = 0;
        yield { id, data };
      }
    } catch (error) {
      if (error instanceof Final) throw error.cause;
      if (signal?.aborted) throw error;
      failure = error;
    }
    // A stream that ends without an event is a failure too, or this would go round for ever.
    if (failures === waitsMs.length) {
      throw failure ?? new Error("The stream ended again and again without an event");
    }
    await pause(waitsMs[failures++], signal);
  }
}

/** An error that no further try would mend. */
class Final extends Error {
  constructor(override readonly cause: Error) {
    super();
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal!.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", abort, { once: true });
  });
}
