import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiDeps } from "./deps.ts";

const scrape = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "scrapeMetrics",
  tags: ["operations"],
  summary: "The server's figures, in Prometheus' text format",
  responses: {
    200: { description: "Every series", content: { "text/plain": { schema: z.string() } } },
  },
});

/** What Prometheus scrapes. */
export function metricsRoutes({ metrics }: Pick<ApiDeps, "metrics">): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(
    scrape,
    async (c) => c.text(await metrics.render(), 200, { "Content-Type": metrics.contentType }),
  );
  return app;
}
