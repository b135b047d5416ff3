import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import type { ApiDeps } from "./deps.ts";
import { isMatch } from "./file_answer.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";

/** The page runs and shows what this server has sent it, and nothing else. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob: data:"],
  ...["connect-src 'self'", "worker-src 'self'", "font-src 'self'"],
  ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join("; ");
const NOT_BUILT = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>latentd</title>
<h1>The dashboard is not built</h1>
<p>The server works; only its pages are missing. Build them with <code>deno task dashboard</code>, beside it, and
load this page again: no restart is needed. <code>deno task serve</code> does that by itself, and says in its output
why it could not: the first build downloads a bundler, so it needs the network once.</p>
<p><a href="/docs">The API's documentation</a> is here meanwhile.</p></html>
`;
const header = (description: string) => z.string().openapi({ description });
const html = { "text/html": { schema: z.string() } };

const page = createRoute({
  method: "get",
  path: "/",
  operationId: "showDashboard",
  tags: ["operations"],
  summary: "The dashboard",
  request: { headers: z.object({ "if-none-match": header("The ETag of the page one has").optional() }) },
  responses: {
    200: { description: "The page", headers: z.object({ ETag: header("Of this build") }), content: html },
    304: { description: "Not modified", headers: z.object({ ETag: header("Of this build") }) },
    503: { description: "It is not built; the page says how to", content: html },
  },
});
const asset = createRoute({
  method: "get",
  path: "/assets/{name}",
  operationId: "getDashboardAsset",
  tags: ["operations"],
  summary: "One of the dashboard's files, which never changes under its name",
  request: { params: z.object({ name: z.string().max(200) }) },
  responses: {
    200: {
      description: "The file",
      content: { "text/javascript": binary, "text/css": binary },
    },
    ...refusals(404),
  },
});

/** The page at `/`, and what it loads. They need no key: what they show does. */
export function dashboardRoutes({ dashboard }: Pick<ApiDeps, "dashboard">): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(page, async (c) => {
    const built = await dashboard?.page();
    c.header("Content-Security-Policy", POLICY);
    c.header("Cache-Control", "no-cache");
    if (!built) return c.html(NOT_BUILT, 503) as never;
    const etag = `"${built.hash}"`;
    c.header("ETag", etag);
    if (isMatch(c.req.header("If-None-Match"), etag)) return c.body(null, 304) as never;
    return c.html(built.html, 200) as never;
  });
  app.openapi(asset, async (c) => {
    const { name } = c.req.valid("param"), file = await dashboard?.asset(name);
    if (!file) {
      throw new DomainError(
        "not_found",
        `Cannot find the asset ${name}: this build of the dashboard has none`,
      );
    }
    const zipped = acceptsGzip(c.req.header("Accept-Encoding") ?? "");
    return c.body(zipped ? file.gzip : file.bytes, 200, {
      "Content-Type": file.mediaType,
      "Cache-Control": "public, max-age=31536000, immutable",
      Vary: "Accept-Encoding",
      ...(zipped ? { "Content-Encoding": "gzip" } : {}),
    }) as never;
  });
  return app;
}

/** RFC 9110, §12.5.3, as far as one coding goes: named, or any, and not with a weight of 0. */
export function acceptsGzip(acceptEncoding: string): boolean {
  const weights = new Map(
    acceptEncoding.split(",").map((part) => {
      const [coding, weight] = part.trim().toLowerCase().split(/\s*;\s*q=/);
      return [coding, weight === undefined ? 1 : Number(weight)];
    }),
  );
  return (weights.get("gzip") ?? weights.get("*") ?? 0) > 0;
}
