import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { PROBLEM_TYPE, problemBody } from "./problem.ts";
import { Turns } from "./turns.ts";

type Fetch = (request: Request, env: object) => Response | Promise<Response>;

/** Always let in: whoever asks how the server is must not be told that it is busy. */
const ALWAYS = ["/healthz", "/readyz", "/metrics"];
/** A body that is longer, or of no known length, is not taken in only to be thrown away: its connection ends. */
const DRAINED_BYTES = 64 * 1024;
const RETRY_AFTER_SECONDS = 1;

/**
 * How many requests may be under way whose answer has not begun. Past that a request gets a 429 before anything is made of
 * it: as Node's objects, for a tenth of what it costs to be let in. And what is let in is begun a few at a time, for of
 * thousands that come at once the event loop hands over all in one turn, and whoever asks meanwhile waits for all.
 */
export class Admission {
  #unanswered = 0;
  /** Let in, and not begun yet. */
  #waiting = 0;

  /** @param onRefused Told of each request that is not let in. */
  constructor(
    readonly maxUnanswered: number,
    readonly onRefused: (method: string) => void = () => {},
    readonly turns = new Turns(),
  ) {}

  /** Counts what `fetch` is at work on. */
  counting(fetch: Fetch): Fetch {
    return async (request, env) => {
      this.#unanswered++;
      try {
        return await fetch(request, env);
      } finally {
        this.#unanswered--;
      }
    };
  }

  /** Answers what is too much, and hands on the rest. */
  guarding(answer: RequestListener): RequestListener {
    return (incoming, outgoing) => {
      const begin = () => void answer(incoming, outgoing);
      if (ALWAYS.includes((incoming.url ?? "").split("?", 1)[0])) return begin();
      if (this.#unanswered + this.#waiting < this.maxUnanswered) {
        this.#waiting++;
        return this.turns.begin(() => {
          this.#waiting--;
          begin();
        });
      }
      refuse(incoming, outgoing, this.maxUnanswered);
      this.onRefused(incoming.method ?? "GET");
    };
  }
}

function refuse({ headers }: IncomingMessage, outgoing: ServerResponse, most: number): void {
  const body = problemBody(429, `Cannot take the request now: ${most} are being answered`, {
    code: "server_busy",
  });
  const isShort = headers["transfer-encoding"] === undefined &&
    Number(headers["content-length"] ?? 0) <= DRAINED_BYTES;
  outgoing.writeHead(429, {
    ...{ "Content-Type": PROBLEM_TYPE, "Content-Length": String(new TextEncoder().encode(body).length) },
    ...{ "Retry-After": String(RETRY_AFTER_SECONDS), "X-Request-Id": crypto.randomUUID() },
    ...(isShort ? {} : { Connection: "close" }),
  });
  outgoing.end(body);
}
