import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import type { ApiDeps } from "./deps.ts";
import { refusals } from "./refusals.ts";
import { json } from "./schemas.ts";

const Status = z.object({ status: z.literal("ok") });
const live = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "isLive",
  tags: ["operations"],
  summary: "Whether the server answers",
  responses: { 200: json(Status, "It does") },
});
const ready = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "isReady",
  tags: ["operations"],
  summary: "Whether it can embed, and has the models ready that have names",
  responses: { 200: json(Status, "It can"), ...refusals(503) },
});

/** Liveness and readiness. */
export function healthRoutes({ embedder, warmer }: Pick<ApiDeps, "embedder" | "warmer">): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(live, (c) => c.json({ status: "ok" as const }, 200));
  app.openapi(ready, (c) => {
    const reasons = [...embedder.unready(), ...(warmer?.warming() ?? [])];
    if (reasons.length > 0) throw notReady(reasons);
    return c.json({ status: "ok" as const }, 200);
  });
  return app;
}

/** What is answered while the embedding worker is not up, or has not proven itself of late. */
export const notReady = (reasons: string[]) =>
  new DomainError("unavailable", `Cannot embed yet: ${reasons.join("; ")}`, { retryAfterSeconds: 2 });
