import type { ServerResponse } from "node:http";
import type { MiddlewareHandler } from "hono";
import { idsIn, log, withLogFields } from "../log/log.ts";
import { needOf, routeOf } from "./access.ts";

/**
 * Logs requests, and puts the id of each on all that is logged for it. A line of level debug says of every one, when its
 * answer is through, how long that took; an audit line, of level info, who has changed what and how it ended, or has been
 * kept from something. Neither has the query, or anything of a body.
 */
export function logRequests(): MiddlewareHandler {
  return async function logRequests(c, next) {
    const { method, path } = c.req, start = performance.now(), request_id = c.get("requestId");
    const outgoing = (c.env as { outgoing?: ServerResponse } | undefined)?.outgoing,
      socket = outgoing?.socket;
    const before = socket?.bytesWritten ?? 0;
    const access = () =>
      log.debug(`${method} ${path} ${c.res.status}`, {
        ...{ request_id, method, path, status: c.res.status, ...idsIn(path), key: c.get("caller")?.name },
        ms: Math.round(10 * (performance.now() - start)) / 10,
        bytes: socket ? socket.bytesWritten - before : undefined, // of its headers too
      });
    outgoing?.once("close", access);
    await withLogFields({ request_id, ...idsIn(path) }, next);
    if (!outgoing) access();
    const { status, headers } = c.res, isWrite = ["train", "admin"].includes(needOf(c));
    if (!isWrite && status !== 401 && status !== 403) return;
    const made = headers.get("Location") ?? undefined;
    log.info(`${c.get("caller")?.name ?? "anyone"}: ${method} ${path} ${status}`, {
      ...{ audit: true, request_id, key: c.get("caller")?.name, method, path, status },
      ...{ route: routeOf(c), ...idsIn(`${path} ${made ?? ""}`), made },
    });
  };
}
