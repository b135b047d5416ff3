import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { JobEstimate } from "../domain/estimate.ts";
import { JOB_KINDS } from "../domain/job.ts";
import { readJson } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { EXAMPLES } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { bodyOf } from "./request_schemas.ts";
import { json } from "./schemas.ts";

const told = <T extends z.ZodType>(schema: T, description: string) => schema.openapi({ description });

const EstimateSchema = z.object({
  object: z.literal("estimate"),
  kind: z.enum(JOB_KINDS),
  config: told(z.record(z.string(), z.unknown()), "Every default filled in, as the job would show it"),
  given: told(
    z.array(z.string()),
    "JSON pointers into `config` of the fields that were sent, the others being filled in",
  ),
  memory: told(
    z.object({
      bytes: told(
        z.int().nullable(),
        "Of the GPU's memory; null if it cannot bind what the job would make, whatever it has",
      ),
      available_bytes: told(z.int().nullable(), "What a job may take of it; null if only trying tells"),
      fits: z.boolean(),
      largest_batch: told(
        z.int().nullable(),
        "The largest `batch` that fits, with `micro_batch` of that; null if none does, and for kinds without a batch",
      ),
      detail: told(z.string().nullable(), "Why `POST /v1/jobs` would refuse it (`does_not_fit`)"),
    }).nullable(),
    "Null where it is not known: `basis.memory` says why",
  ),
  steps: told(z.int().nullable(), "As `total_steps` of the job's progress; null where it is not known"),
  steps_per_epoch: told(z.int().nullable(), "Null for kinds that have no epochs, or where it is not known"),
  seconds_per_epoch: told(z.number().nullable(), "Null for kinds without epochs, or as `seconds`"),
  seconds: told(z.number().nullable(), "Null where nothing alike has run here: `basis.time` says why"),
  basis: told(z.object({ memory: z.string(), time: z.string() }), "What either is built on, in words"),
}).openapi("JobEstimate") satisfies z.ZodType<JobEstimate>;

const estimate = createRoute({
  method: "post",
  path: "/v1/jobs/estimate",
  operationId: "estimateJob",
  tags: ["jobs"],
  summary: "What a job would take of the GPU's memory, and how long; makes none",
  description:
    "The body is that of `POST /v1/jobs`, with the same refusals of what is wrong with it. Memory is worked " +
    "out from sizes, within about 2 s, also while a job trains. Time is by the speed of jobs that have run on this " +
    "server: one alike, or the nearest, scaled by the arithmetic of both nets. It needs the scope `train`, as " +
    "submitting does: it is for whoever may, and costs the server the same work",
  request: { body: { required: true, content: bodyOf("JobRequest", EXAMPLES) } },
  responses: { 200: json(EstimateSchema, "The estimate"), ...refusals(400, 404, 409, 413, 415, 422, 429) },
});

/** What a job would take, before it is made. */
export function estimateRoutes({ estimate: estimateJob, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(estimate, async (c) => c.json(await estimateJob(await readJson(c, limits.jsonBytes)), 200));
  return app;
}
