import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { filesOf, JobFile } from "../domain/job_file.ts";
import type { ApiDeps } from "./deps.ts";
import { answerFile, FileHeaders, fileResponses } from "./file_answer.ts";
import { findJob } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { readRange } from "./read_range.ts";
import { refusals } from "./refusals.ts";
import { IdPath, json, listOf } from "./schemas.ts";

/** By the name's ending; anything else is bytes. */
const MEDIA_TYPES: Record<string, string> = {
  json: "application/json",
  jsonl: "application/jsonl",
  csv: "text/csv; charset=utf-8",
  npy: "application/x-npy",
  parquet: "application/vnd.apache.parquet",
};
const BYTES = "application/octet-stream";

const list = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/files",
  operationId: "listJobFiles",
  tags: ["jobs"],
  summary:
    "The files that a job has made, all of them once it has succeeded; `result.files`, too, lists them",
  request: { params: IdPath },
  responses: { 200: json(listOf(JobFile), "Files"), ...refusals(404) },
});
const file = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/files/{name}",
  operationId: "getJobFile",
  tags: ["jobs"],
  summary: "One of the files that a job has made",
  request: {
    params: IdPath.extend({
      name: z.string().openapi({ description: "As the job lists it", example: "embeddings.npy" }),
    }),
    headers: FileHeaders,
  },
  responses: {
    ...fileResponses(BYTES, ...Object.values(MEDIA_TYPES).map((type) => type.split(";")[0])),
    ...refusals(404),
  },
});

/** Jobs' files: listed, and read in ranges. */
export function jobFileRoutes({ store, results }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(list, (c) => {
    const data = filesOf(findJob(store, c.req.valid("param").id));
    return c.json({ object: "list" as const, data, has_more: false }, 200);
  });
  app.openapi(file, async (c) => {
    const { id, name } = c.req.valid("param");
    const found = filesOf(findJob(store, id)).find((entry) => entry.name === name);
    if (!found) {
      throw new DomainError(
        "not_found",
        `Cannot find ${JSON.stringify(name.slice(0, 60))}: no file of ${id}`,
      );
    }
    return await answerFile(c, {
      ...{ ...found, mediaType: MEDIA_TYPES[name.split(".").at(-1)!] ?? BYTES, saveAs: `${id}.${name}` },
      cacheControl: "private, max-age=31536000, immutable", // once it is listed it never changes
      open: (range) => readRange(results.path(id, name), range),
    });
  });
  return app;
}
