import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { IdPath, json, listOf } from "./schemas.ts";

const BackupSchema = z.object({
  id: z.string(),
  object: z.literal("backup"),
  path: z.string().openapi({ description: "Its directory under DATA_DIR; it has the shape of a DATA_DIR" }),
  datasets: z.number(),
  checkpoints: z.number(),
  bytes: z.number().openapi({ description: "Of all files; most are links to those in use" }),
  missing: z.array(z.string()).openapi({ description: "Listed by the database, and not on the disk" }),
  created_at: z.string(),
}).openapi("Backup");

const create = createRoute({
  method: "post",
  path: "/v1/backups",
  operationId: "createBackup",
  tags: ["operations"],
  summary:
    "Copy all that is acknowledged, as of one moment, into a directory that a server can be started on",
  responses: {
    201: json(BackupSchema, "The backup, durable"),
    ...refusals(409, 507),
  },
});
const list = createRoute({
  method: "get",
  path: "/v1/backups",
  operationId: "listBackups",
  tags: ["operations"],
  summary: "List backups, newest first",
  responses: { 200: json(listOf(BackupSchema), "All of them") },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/backups/{id}",
  operationId: "deleteBackup",
  tags: ["operations"],
  summary: "Delete a backup",
  request: { params: IdPath },
  responses: { 204: { description: "Deleted" }, ...refusals(404) },
});

/** Backups of the server's directory. */
export function backupRoutes({ backups }: Pick<ApiDeps, "backups">): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(create, async (c) => c.json(await backups.create(), 201));
  app.openapi(
    list,
    async (c) => c.json({ object: "list" as const, data: await backups.list(), has_more: false }, 200),
  );
  app.openapi(remove, async (c) => {
    await backups.remove(c.req.valid("param").id);
    return c.body(null, 204);
  });
  return app;
}
