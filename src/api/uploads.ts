import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { ContentfulStatusCode, StatusCode } from "hono/utils/http-status";
import { log } from "../log/log.ts";
import type { ApiDeps } from "./deps.ts";
import { problem } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
import { IdPath } from "./schemas.ts";

const VERSION = { "Tus-Resumable": z.literal("1.0.0") };
const header = (description: string) => z.string().openapi({ description });
const answer = (description: string, headers: Record<string, string>) => ({
  description,
  headers: z.object({
    ...VERSION,
    ...Object.fromEntries(Object.entries(headers).map(([name, what]) => [name, header(what)])),
  }),
});
const OFFSET = { "Upload-Offset": "how many bytes are there" };

const ROUTES = [
  createRoute({
    method: "post",
    path: "/v1/uploads",
    operationId: "createUpload",
    tags: ["uploads"],
    summary: "Begin a resumable upload (tus 1.0), which becomes a dataset by its id: source.upload",
    request: {
      headers: z.object({
        ...VERSION,
        "Upload-Length": header("its bytes"),
        "Upload-Metadata": header(
          "`sha256` and, in base64, 64 hexadecimal digits: held against it once it is finished",
        )
          .optional(),
      }),
    },
    responses: {
      201: answer("Begun; Location names it", { Location: "where its bytes go" }),
      ...refusals(400, 412, 413, 422, 501, 507),
    },
  }),
  createRoute({
    method: "head",
    path: "/v1/uploads/{id}",
    operationId: "getUpload",
    tags: ["uploads"],
    summary: "How far an upload has come",
    request: { params: IdPath, headers: z.object(VERSION) },
    responses: {
      200: answer("So far", { ...OFFSET, "Upload-Length": "its bytes" }),
      ...refusals(404, 410, 412),
    },
  }),
  createRoute({
    method: "patch",
    path: "/v1/uploads/{id}",
    operationId: "continueUpload",
    tags: ["uploads"],
    summary: "Go on with an upload, from where it is",
    request: {
      params: IdPath,
      headers: z.object({ ...VERSION, "Upload-Offset": header("where it is") }),
      body: { required: true, content: { "application/offset+octet-stream": binary } },
    },
    responses: {
      204: answer("Durable", OFFSET),
      ...refusals(400, 403, 404, 409, 410, 412, 413, 422, 423, 507),
    },
  }),
  createRoute({
    method: "delete",
    path: "/v1/uploads/{id}",
    operationId: "deleteUpload",
    tags: ["uploads"],
    summary: "Give up an upload",
    request: { params: IdPath, headers: z.object(VERSION) },
    responses: { 204: answer("Gone", {}), ...refusals(404, 412, 423) },
  }),
];

/** Codes of problems that tus's server has found, by status. */
const CODES: Record<number, string> = {
  ...{ 400: "malformed", 403: "forbidden", 404: "not_found", 409: "conflict", 410: "expired" },
  ...{ 412: "tus_version", 413: "too_large", 415: "unsupported_media_type", 422: "checksum_mismatch" },
  ...{ 423: "locked", 501: "not_supported", 507: "disk_full" },
};

/** Resumable uploads: tus's server answers, and its errors are told as all others are. */
export function uploadRoutes({ uploads }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono();
  for (const route of ROUTES) app.openAPIRegistry.registerPath(route);
  // All methods: hono would hand a HEAD to a GET, and tus's server knows best what it answers.
  app.all("/v1/uploads/:id?", async (c) => {
    const response = await uploads.handle(c.req.raw);
    const headers = new Headers(response.headers);
    // Not for every page that a browser on this machine has open.
    for (const name of [...headers.keys()]) if (name.startsWith("access-control-")) headers.delete(name);
    if (response.status < 400 || c.req.method === "HEAD") {
      // By the context, which adds what every answer has.
      return c.newResponse(response.body, { status: response.status as StatusCode, headers });
    }
    const detail = (await response.text()).trim() || "The upload cannot go on";
    if (response.status >= 500 && !(response.status in CODES)) {
      log.error(`Cannot go on with an upload: ${detail}`);
      return problem(c, 500, "A fault of the server, which its log describes", { code: "internal" });
    }
    return problem(c, response.status as ContentfulStatusCode, detail, {
      code: CODES[response.status] ?? "upload",
      headers: { "Tus-Resumable": "1.0.0" },
    });
  });
  return app;
}
