import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Checkpoint, CHECKPOINT_FILES, type CheckpointFileName } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import { type ByteRange, parseRange } from "./byte_range.ts";
import { findJob } from "./jobs.ts";
import { problem, rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
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
const header = (description: string) => z.string().openapi({ description });
const CACHED = { ETag: header("The file's SHA-256, quoted"), "Accept-Ranges": z.literal("bytes") };
const NAMED = { ...CACHED, "Content-Disposition": header("What to save it as") };
const bytes = { content: { "application/octet-stream": binary, "application/json": { schema: {} } } };
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
    headers: z.object({
      range: header("One range of bytes").optional(),
      "if-range": header("An ETag: with another one the range is ignored").optional(),
      "if-none-match": header("ETags: with the file's among them the answer is 304").optional(),
    }),
  },
  responses: {
    200: { description: "The file", headers: z.object(NAMED), ...bytes },
    206: {
      description: "The range asked for",
      headers: z.object({ ...NAMED, "Content-Range": header("Which bytes, and of how many") }),
      ...bytes,
    },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(404, 416),
  },
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
    const etag = `"${found.sha256}"`;
    c.header("ETag", etag);
    c.header("Accept-Ranges", "bytes");
    // A checkpoint never changes once it is listed.
    c.header("Cache-Control", "private, max-age=31536000, immutable");
    if (matches(c.req.header("If-None-Match"), etag)) return c.body(null, 304);
    const ifRange = c.req.header("If-Range");
    const range = ifRange === undefined || ifRange === etag
      ? parseRange(c.req.header("Range"), found.bytes)
      : undefined;
    if (range === "unsatisfiable") {
      return problem(c, 416, `Cannot read that range: ${name} has ${found.bytes} bytes`, {
        code: "range_not_satisfiable",
        headers: { "Content-Range": `bytes */${found.bytes}` },
      });
    }
    const { start, end } = range ?? { start: 0, end: found.bytes - 1 };
    const headers = {
      "Content-Type": name.endsWith(".json") ? "application/json" : "application/octet-stream",
      "Content-Disposition": `attachment; filename="${id}.${name}"`,
      "Content-Length": String(end - start + 1),
      ...(range ? { "Content-Range": `bytes ${start}-${end}/${found.bytes}` } : {}),
    };
    const status = range ? 206 : 200;
    if (c.req.method === "HEAD") return c.body(null, status, headers);
    try {
      return c.body(await readRange(checkpoints.path(id, name), { start, end }), status, headers);
    } catch (error) {
      findCheckpoint(store, id); // throws if it was removed meanwhile
      throw error;
    }
  });
  return app;
}

const isCheckpointFile = (name: string): name is CheckpointFileName =>
  (CHECKPOINT_FILES as readonly string[]).includes(name);

const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag) ??
    false;

/** A file's bytes from `start` to `end`, both inclusive; read as fast as they are taken. */
async function readRange(path: string, { start, end }: ByteRange): Promise<ReadableStream<Uint8Array>> {
  const file = await Deno.open(path);
  await file.seek(start, Deno.SeekMode.Start);
  let left = end - start + 1;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const buffer = new Uint8Array(Math.min(left, 64 * 1024));
        const got = left === 0 ? 0 : await file.read(buffer);
        if (got === null) throw new Error(`Cannot read ${path}: it is ${left} bytes shorter than listed`);
        left -= got;
        if (got > 0) controller.enqueue(buffer.subarray(0, got));
        if (left === 0) {
          file.close();
          controller.close();
        }
      } catch (error) {
        file.close();
        throw error;
      }
    },
    cancel: () => file.close(),
  });
}
