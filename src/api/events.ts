import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { EVENT_TYPES, isEnded } from "../domain/job.ts";
import type { ApiDeps } from "./deps.ts";
import { type EventPage, EventPages } from "./event_pages.ts";
import { findJob } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { IdPath, JobEventSchema, listOf, manyOf, NumberedPageQuery } from "./schemas.ts";

/** Shorter than the 30 to 60 s after which proxies drop a silent connection. */
const HEARTBEAT_MS = 15_000;

const EXAMPLE = `id: 1
event: status
data: {"seq":1,"job":"job_01M88C9R8V9HN5FSP8B2PHJQAD","type":"status","data":{"status":"queued"},"created_at":"2026-11-28T10:00:00.000Z"}

`;

const events = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/events",
  operationId: "followJob",
  tags: ["jobs"],
  summary: "A job's events: a stream that replays and then follows, or a list",
  description: [
    "Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). Each has as its `id` the",
    "event's seq, as its `event` the type, and as its `data` a JobEvent in JSON. Silence is filled with comments every",
    `${HEARTBEAT_MS / 1000} s. A stream ends after the job's last event; one that broke off is taken up by`,
    "`Last-Event-ID`, and after the last event that is answered 204. With `Accept: application/json` the answer is a list.",
  ].join(" "),
  request: {
    params: IdPath,
    query: NumberedPageQuery.extend({
      order: z.enum(["asc", "desc"]).optional().openapi({
        description:
          "Of a list: `desc` begins with the last event, and `after` is where the page before ended",
      }),
      type: manyOf(EVENT_TYPES).optional().openapi({
        ...{ type: "array", items: { type: "string", enum: [...EVENT_TYPES] } },
        description: "Of a list with `order=desc`: only these; repeated, or with commas between them",
      }),
    }).openapi({ description: "`after` is an event's seq" }),
    headers: z.object({
      "last-event-id": z.string().optional().openapi({
        description:
          "As `after`, and stronger; a stream cannot begin after an event that is yet to come (400)",
      }),
    }),
  },
  responses: {
    200: {
      description: "Events, in order; a stream closes after the job's last one",
      content: {
        "text/event-stream": { schema: z.string(), example: EXAMPLE },
        "application/json": { schema: listOf(JobEventSchema) },
      },
    },
    204: { description: "The job has ended and there is nothing after that event: do not reconnect" },
    ...refusals(400, 404, 422),
  },
});

/** Following a job. */
export function eventRoutes({ store, hub }: Pick<ApiDeps, "store" | "hub">): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid }), pages = new EventPages(store, hub);
  app.openapi(events, (c) => {
    const { id } = findJob(store, c.req.valid("param").id);
    const { after: asked = 0, limit, order = "asc", type } = c.req.valid("query");
    const last = c.req.header("Last-Event-ID");
    if (last && !/^\d{1,15}$/.test(last)) {
      throw new DomainError("malformed", "Cannot read Last-Event-ID: it must be an event's seq");
    }
    const after = last ? Number(last) : asked;
    const accept = c.req.header("Accept") ?? "";
    const isList = accept.includes("application/json") && !accept.includes("text/event-stream");
    if (order === "desc" ? !isList : type !== undefined) {
      const pointer = `#/query/${order === "desc" ? "order" : "type"}`;
      const detail = order === "desc" ? "needs Accept: application/json" : "needs order=desc";
      throw new DomainError("invalid", `Cannot show the events so: ${pointer} ${detail}`, {
        errors: [{ pointer, detail }],
      });
    }
    if (isList) {
      const found = order === "desc"
        ? store.listEventsBefore(id, after || Number.MAX_SAFE_INTEGER, limit + 1, type)
        : store.listEvents(id, after, limit + 1);
      return c.json(
        { object: "list" as const, data: found.slice(0, limit), has_more: found.length > limit },
        200,
      );
    }
    // Gap-free: an event that is not there is yet to come. Who has one is of another history, and would miss what comes.
    if (after > 0 && store.listEvents(id, after - 1, 1).length === 0) {
      throw new DomainError("malformed", `Cannot begin after event ${after}: ${id} has not come so far`);
    }
    const over = isEnded(findJob(store, id).status);
    if (over && store.listEvents(id, after, 1).length === 0) return c.body(null, 204);
    const stream = eventStream({
      read: (seq) => pages.read(id, seq),
      follow: (listener) => pages.follow(id, listener),
    }, after);
    return c.body(stream, 200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-cache",
      "X-Accel-Buffering": "no",
    });
  });
  return app;
}

/**
 * Server-sent events from `after` on. It reads only as fast as the client takes, a page at a time, and closes once the
 * job is over and its last event is sent.
 */
export function eventStream(
  source: {
    read(afterSeq: number): { page: EventPage | undefined; over: boolean };
    follow(listener: () => void): () => void;
  },
  after: number,
  heartbeatMs = HEARTBEAT_MS,
): ReadableStream<Uint8Array> {
  const heartbeat = new TextEncoder().encode(":\n\n");
  let seq = after, released = false;
  let changed = Promise.withResolvers<void>();
  let unfollow: (() => void) | undefined;
  function release(): void {
    released = true;
    unfollow?.();
    changed.resolve();
  }
  /** The next stretch of the stream; undefined at its end. */
  async function next(): Promise<Uint8Array | undefined> {
    while (!released) {
      // Before reading, so that what is written in between wakes the wait below.
      changed = Promise.withResolvers();
      const { page, over } = source.read(seq);
      if (page) {
        seq = page.lastSeq;
        return page.bytes;
      }
      if (over) return undefined;
      let silent = false;
      const timer = setTimeout(() => {
        silent = true;
        changed.resolve();
      }, heartbeatMs);
      await changed.promise;
      clearTimeout(timer);
      if (silent && !released) return heartbeat;
    }
  }
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        // Only now: a stream that nobody reads, such as the answer to a HEAD, is never cancelled either.
        unfollow ??= source.follow(() => changed.resolve());
        const bytes = await next();
        if (bytes !== undefined) return controller.enqueue(bytes);
        if (!released) controller.close();
        release();
      } catch (error) {
        release();
        throw error;
      }
    },
    cancel: release,
  }, { highWaterMark: 0 });
}
