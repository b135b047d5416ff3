import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import type { Checkpoint } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import { findJob } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { CheckpointSchema, IdPath, json, listOf, PageQuery } from "./schemas.ts";

const list = createRoute({
  method: "get",
  path: "/v1/checkpoints",
  operationId: "listCheckpoints",
  tags: ["checkpoints"],
  summary: "All checkpoints, newest first: those of every job, and those that were imported",
  request: { query: PageQuery },
  responses: { 200: json(listOf(CheckpointSchema), "Checkpoints"), ...refusals(422) },
});
const listOfJob = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/checkpoints",
  operationId: "listJobCheckpoints",
  tags: ["checkpoints"],
  summary: "A job's checkpoints, newest first",
  request: { params: IdPath, query: PageQuery },
  responses: { 200: json(listOf(CheckpointSchema), "Checkpoints"), ...refusals(404, 422) },
});
const get = createRoute({
  method: "get",
  path: "/v1/checkpoints/{id}",
  operationId: "getCheckpoint",
  tags: ["checkpoints"],
  summary: "One checkpoint",
  request: { params: IdPath },
  responses: { 200: json(CheckpointSchema, "The checkpoint"), ...refusals(404) },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/checkpoints/{id}",
  operationId: "deleteCheckpoint",
  tags: ["checkpoints"],
  summary: "Delete a checkpoint that no alias and no unfinished job needs",
  request: { params: IdPath },
  responses: {
    204: { description: "Deleted" },
    ...refusals(404, 409, 507),
  },
});
/** Finds a checkpoint, or throws `not_found`. */
export function findCheckpoint(store: Store, id: string): Checkpoint {
  const checkpoint = store.getCheckpoint(checkId("ckpt", id));
  if (!checkpoint) throw new DomainError("not_found", `Cannot find checkpoint ${id}: there is none`);
  return checkpoint;
}

/** Checkpoints; their files are in `checkpoint_files.ts`. */
export function checkpointRoutes({ store, retention }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(list, (c) => {
    const { data, has_more } = store.listCheckpoints({}, c.req.valid("query"));
    return c.json({ object: "list" as const, data, has_more }, 200);
  });
  app.openapi(listOfJob, (c) => {
    const { id } = findJob(store, c.req.valid("param").id);
    const { data, has_more } = store.listCheckpoints({ job: id }, c.req.valid("query"));
    return c.json({ object: "list" as const, data, has_more }, 200);
  });
  app.openapi(get, (c) => c.json(findCheckpoint(store, c.req.valid("param").id), 200));
  app.openapi(remove, async (c) => {
    await retention.remove(checkId("ckpt", c.req.valid("param").id));
    return c.body(null, 204);
  });
  return app;
}
