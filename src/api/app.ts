import { OpenAPIHono } from "@hono/zod-openapi";
import { requestId } from "hono/request-id";
import { backupRoutes } from "./backups.ts";
import { checkpointRoutes } from "./checkpoints.ts";
import { datasetItemRoutes } from "./dataset_items.ts";
import { datasetRoutes } from "./datasets.ts";
import type { ApiDeps } from "./deps.ts";
import { embeddingRoutes } from "./embeddings.ts";
import { eventRoutes } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { jobRoutes } from "./jobs.ts";
import { modelRoutes } from "./models.ts";
import { allowedMethods, serveOpenApi } from "./openapi.ts";
import { problem, rejectInvalid, toProblem } from "./problem.ts";
import { uploadRoutes } from "./uploads.ts";

/** The whole HTTP surface; every error leaves through `toProblem`. */
export function createApp(deps: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.use(requestId());
  app.use(async (c, next) => {
    await next();
    c.header("X-Content-Type-Options", "nosniff");
  });
  const rooms = [
    ...[healthRoutes, datasetRoutes, datasetItemRoutes, uploadRoutes, jobRoutes, eventRoutes],
    ...[checkpointRoutes, modelRoutes, embeddingRoutes, backupRoutes],
  ];
  for (const routes of rooms) app.route("/", routes(deps));
  serveOpenApi(app);
  app.onError(toProblem);
  app.notFound((c) => {
    const allowed = allowedMethods(app, c.req.path);
    if (allowed.length > 0) {
      return problem(c, 405, `Cannot ${c.req.method} ${c.req.path}: allowed are ${allowed.join(", ")}`, {
        ...{ code: "method_not_allowed", headers: { Allow: allowed.join(", ") } },
      });
    }
    return problem(c, 404, `Cannot find ${c.req.path}: there is no such route`, { code: "not_found" });
  });
  return app;
}
