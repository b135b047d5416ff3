import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DATASET_STATUSES } from "../domain/dataset.ts";
import { JOB_KINDS, JOB_STATUSES } from "../domain/job.ts";
import { DISK_USES } from "../domain/measures.ts";
import type { SystemReport } from "../domain/system.ts";
import type { ApiDeps } from "./deps.ts";
import { json } from "./schemas.ts";

const Adapter = z.object({
  ...{ provider: z.string(), description: z.string(), vendor: z.string(), device: z.string() },
  driver: z.string(),
  software: z.boolean(),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
});
const bytes = z.number().int().nonnegative();

const SystemSchema = z.object({
  object: z.literal("system"),
  versions: z.object({ latentd: z.string(), deno: z.string(), v8: z.string() }),
  started_at: z.string(),
  uptime_s: z.number(),
  provider: z.string(),
  workers: z.array(z.object({
    role: z.string(),
    up: z.boolean(),
    restarts: z.int(),
    adapter: Adapter.nullable(),
    resident_bytes: bytes.nullable(),
    gpu_held_bytes: bytes.nullable(),
    gpu_planned_bytes: bytes.nullable(),
    mixed: z.string().nullable().openapi({
      description:
        "By `GPU_PROVIDER=auto`, of the worker that trains: who computes in mixed precision, and why",
    }),
    models: z.array(z.object({ checkpoint: z.string(), bytes })).nullable(),
  })),
  queue: z.object({
    depth: z.int(),
    running: z.int(),
    jobs: z.array(z.object({ kind: z.enum(JOB_KINDS), status: z.enum(JOB_STATUSES), count: z.int() })),
  }),
  datasets: z.array(z.object({ status: z.enum(DATASET_STATUSES), count: z.int() })),
  disk: z.object({
    free_bytes: bytes,
    total_bytes: bytes,
    used_bytes: z.record(z.enum(DISK_USES), bytes),
  }).nullable(),
  memory: z.object({
    ...{ resident_bytes: bytes, heap_used_bytes: bytes },
    ...{ machine_total_bytes: bytes, machine_available_bytes: bytes },
  }),
  findings: z.array(z.object({
    severity: z.enum(["ok", "warning", "error"]),
    check: z.string(),
    message: z.string(),
    remedy: z.array(z.string()).openapi({ description: "What to do, or one of these" }),
  })).openapi({
    description:
      "What `deno task doctor` would say of the disk and of Vulkan, a minute old at most, and how the workers are",
  }),
  settings: z.record(z.string(), z.string()),
}).openapi("System") satisfies z.ZodType<SystemReport>;

const look = createRoute({
  method: "get",
  path: "/v1/system",
  operationId: "getSystem",
  tags: ["operations"],
  summary: "Versions, workers and their adapters, queue, disk, memory, findings, settings",
  responses: { 200: json(SystemSchema, "The server as it is now") },
});

/** The operator's view. */
export function systemRoutes({ system }: Pick<ApiDeps, "system">): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(look, async (c) => c.json(await system(), 200));
  return app;
}
