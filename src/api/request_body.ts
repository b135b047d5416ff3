import type { IncomingMessage } from "node:http";
import type { Context, MiddlewareHandler } from "hono";
import { DomainError } from "../domain/errors.ts";
import { problem, toProblem } from "./problem.ts";

/**
 * What holds for every request's body, whatever route reads it: it comes as it is, not compressed, so that what is counted is
 * what is kept; and whoever waits for it waits no longer than `idleMs` for its next byte. What a route made of a body that fell
 * silent counts for nothing: the answer is 408.
 */
export function watchBodies(idleMs: number): MiddlewareHandler {
  return async function watchBody(c, next) {
    const encoding = c.req.header("Content-Encoding")?.trim().toLowerCase() ?? "identity";
    if (encoding !== "identity" && encoding !== "") return refuseEncoding(c, encoding);
    const { body, method, headers, signal } = c.req.raw;
    if (!body) return await next();
    const silent = new DomainError(
      "timeout",
      `Cannot read the body: nothing came of it for ${idleMs / 1000} s (BODY_IDLE_SECONDS)`,
    );
    // Whole by its length, yet its connection is ended: what followed was no request, so the length was a lie.
    const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
    const isBroken = () => signal.aborted || incoming?.socket?.destroyed === true;
    let isSilent = false;
    const watched = watch(body, idleMs, isBroken, () => {
      isSilent = true;
      return silent;
    });
    c.req.raw = new Request(c.req.url, { method, headers, signal, body: watched });
    await next();
    if (!isSilent) return;
    c.res = undefined; // its headers would be kept
    c.res = toProblem(silent, c);
    c.header("Connection", "close");
  };
}

/** By RFC 9110, section 15.5.16, the answer names what is accepted. */
function refuseEncoding(c: Context, encoding: string): Response {
  const detail = `Cannot read the body: Content-Encoding must be identity, got ${encoding.slice(0, 40)}`;
  return problem(c, 415, detail, {
    code: "unsupported_media_type",
    headers: { "Accept-Encoding": "identity" },
  });
}

/** The body as it comes; it fails by `onSilent`'s error where whoever reads has waited `idleMs` for a chunk. */
function watch(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  idleMs: number,
  isBroken: () => boolean,
  onSilent: () => Error,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const late = new Promise<"late">((resolve) => timer = setTimeout(() => resolve("late"), idleMs));
      const chunk = reader.read();
      try {
        const next = await Promise.race([chunk, late]);
        if (next === "late") {
          chunk.catch(() => {}); // what it still brings is for nobody
          return controller.error(onSilent());
        }
        if (!next.done) return controller.enqueue(next.value);
        if (isBroken()) {
          return controller.error(new DomainError("malformed", "Cannot read the body: it broke off"));
        }
        controller.close();
      } finally {
        clearTimeout(timer);
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
