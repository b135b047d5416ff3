import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Checkpoint, CHECKPOINT_FILES, type CheckpointFileName } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import { answerFile, FileHeaders, fileResponses } from "./file_answer.ts";
import { findJob } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { readRange } from "./read_range.ts";
import { refusals } from "./refusals.ts";
import { CheckpointSchema, IdPath, json, listOf, PageQuery } from "./schemas.ts";

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
const file = createRoute({
  method: "get",
  path: "/v1/checkpoints/{id}/files/{name}",
  operationId: "getCheckpointFile",
  tags: ["checkpoints"],
  summary: "One of a checkpoint's files",
  request: {
    params: IdPath.extend({
      name: z.string().openapi({ description: "As the checkpoint lists it", example: "model.safetensors" }),
    }),
    headers: FileHeaders,
  },
  responses: { ...fileResponses("application/octet-stream", "application/json"), ...refusals(404) },
});

/** Finds a checkpoint, or throws `not_found`. */
export function findCheckpoint(store: Store, id: string): Checkpoint {
  const checkpoint = store.getCheckpoint(checkId("ckpt", id));
  if (!checkpoint) throw new DomainError("not_found", `Cannot find checkpoint ${id}: there is none`);
  return checkpoint;
}

/** Checkpoints and their files. */
export function checkpointRoutes({ store, checkpoints, retention }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
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
  app.openapi(file, async (c) => {
    const { id, name } = c.req.valid("param");
    const found = findCheckpoint(store, id).files.find((entry) => entry.name === name);
    if (!found || !isCheckpointFile(name)) {
      throw new DomainError(
        "not_found",
        `Cannot find ${JSON.stringify(name.slice(0, 60))}: no file of ${id}`,
      );
    }
    try {
      return await answerFile(c, {
        ...{ ...found, mediaType: name.endsWith(".json") ? "application/json" : "application/octet-stream" },
        saveAs: `${id}.${name}`,
        // A checkpoint never changes once it is listed.
        cacheControl: "private, max-age=31536000, immutable",
        open: (range) => readRange(checkpoints.path(id, name), range),
      });
    } catch (error) {
      findCheckpoint(store, id); // throws if it was removed meanwhile
      throw error;
    }
  });
  return app;
}

const isCheckpointFile = (name: string): name is CheckpointFileName =>
  (CHECKPOINT_FILES as readonly string[]).includes(name);
