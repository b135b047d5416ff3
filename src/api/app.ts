import { OpenAPIHono } from "@hono/zod-openapi";
import { requestId } from "hono/request-id";
import { describeAccess, requireKey } from "./access.ts";
import { browserHeaders, refuseStrangePages } from "./browser_guard.ts";
import { atlasRoutes } from "./atlases.ts";
import { backupRoutes } from "./backups.ts";
import { checkpointFileRoutes } from "./checkpoint_files.ts";
import { checkpointImportRoutes } from "./checkpoint_import.ts";
import { checkpointRoutes } from "./checkpoints.ts";
import { classificationRoutes } from "./classifications.ts";
import { dashboardRoutes } from "./dashboard.ts";
import { datasetItemRoutes } from "./dataset_items.ts";
import { datasetRoutes } from "./datasets.ts";
import { datasetViewRoutes } from "./dataset_views.ts";
import type { ApiDeps } from "./deps.ts";
import { embeddingRoutes } from "./embeddings.ts";
import { estimateRoutes } from "./estimates.ts";
import { evaluationRoutes } from "./evaluations.ts";
import { eventRoutes } from "./events.ts";
import { healthRoutes } from "./health.ts";
import { jobFileRoutes } from "./job_files.ts";
import { jobMetricsRoutes } from "./job_metrics.ts";
import { jobRoutes } from "./jobs.ts";
import { keyRoutes } from "./key.ts";
import { measureHttp } from "./measure_http.ts";
import { metricsRoutes } from "./metrics.ts";
import { modelRoutes } from "./models.ts";
import { neighborRoutes } from "./neighbors.ts";
import { allowedMethods, serveOpenApi } from "./openapi.ts";
import { answerGone, problem, rejectInvalid, toProblem } from "./problem.ts";
import { projectionRoutes } from "./projections.ts";
import { limitRate } from "./rate_limit.ts";
import { watchBodies } from "./request_body.ts";
import { logRequests } from "./request_log.ts";
import { systemRoutes } from "./system.ts";
import { uploadRoutes } from "./uploads.ts";

/** What a body may be silent where nothing else is said. */
const BODY_IDLE_MS = 60_000;
const LOOPBACK_ONLY = { allowed: [], fromNetwork: false };

/** The whole HTTP surface; every error leaves through `toProblem`. */
export function createApp(deps: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  if (deps.onAnswer) app.use(measureHttp(deps.onAnswer));
  app.use(requestId());
  app.use(logRequests());
  app.use(answerGone);
  app.use(...browserHeaders());
  app.use(refuseStrangePages(deps.keys ? undefined : deps.hosts ?? LOOPBACK_ONLY));
  app.use(requireKey(deps.keys));
  app.use(limitRate(deps.limits.requestsPerMinute ?? 0));
  app.use(watchBodies(deps.limits.bodyIdleMs ?? BODY_IDLE_MS));
  const rooms = [
    ...[healthRoutes, datasetRoutes, datasetItemRoutes, datasetViewRoutes, atlasRoutes, uploadRoutes],
    ...[jobRoutes, estimateRoutes, jobFileRoutes, jobMetricsRoutes, eventRoutes],
    ...[checkpointRoutes, checkpointFileRoutes, checkpointImportRoutes, evaluationRoutes, modelRoutes],
    ...[embeddingRoutes, classificationRoutes, neighborRoutes, projectionRoutes],
    ...[backupRoutes, metricsRoutes, systemRoutes, keyRoutes, dashboardRoutes],
  ];
  for (const routes of rooms) app.route("/", routes(deps));
  serveOpenApi(app);
  describeAccess(app);
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
