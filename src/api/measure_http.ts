import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { AnsweredRequest } from "../domain/measures.ts";

/** Tells `onAnswer` of every request when its answer begins. */
export function measureHttp(onAnswer: (request: AnsweredRequest) => void): MiddlewareHandler {
  return async function measureHttp(c, next) {
    const began = performance.now();
    await next();
    // Middleware stands at "/*", and is all that is found where there is no such route.
    const route = matchedRoutes(c).findLast(({ path }) => path !== "/*")?.path ?? "none";
    const seconds = (performance.now() - began) / 1000;
    onAnswer({ method: c.req.method, route, status: c.res.status, seconds });
  };
}
