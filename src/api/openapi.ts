import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import metadata from "../../deno.json" with { type: "json" };
import { serveDocs } from "./docs.ts";
import { refusalResponses, refusals, REQUEST_ID } from "./refusals.ts";
import { json, ProblemSchema } from "./schemas.ts";

const HEAD = {
  openapi: "3.1.0",
  info: {
    title: "latentd",
    version: metadata.version,
    description: [
      "Self-supervised training (BYOL) on your images, and their embeddings. Upload images as a dataset, train an encoder",
      "on them as a job, follow it, then fetch its checkpoints or embed by them.",
      "Ids are `ds_`, `job_`, `ckpt_` or `up_` and a ULID; times are RFC 3339, UTC. Errors are problem details (RFC 9457)",
      "with every mistake of a request in `errors`, and OpenAI's `error` beside them.",
    ].join(" "),
    license: { name: "MIT", identifier: "MIT" },
  },
  servers: [{ url: "/", description: "The server that answered this" }],
  tags: [
    { name: "datasets", description: "Sets of images, with labels and splits where there are some" },
    { name: "uploads", description: "Uploads that can be taken up again, by tus 1.0" },
    { name: "jobs", description: "Training, and evaluation" },
    { name: "checkpoints", description: "What training leaves: weights, and all that it would go on from" },
    { name: "models", description: "Checkpoints as what embeds, and their aliases" },
    { name: "operations", description: "Whether the server is well, and what it offers" },
  ],
};

const describe = createRoute({
  method: "get",
  path: "/openapi.json",
  operationId: "getOpenApi",
  tags: ["operations"],
  summary: "This document",
  responses: { 200: json(z.record(z.string(), z.unknown()), "OpenAPI 3.1") },
});

type Document = ReturnType<OpenAPIHono["getOpenAPI31Document"]>;
interface Operation {
  security?: unknown[];
  requestBody?: unknown;
  parameters?: { schema: { type?: string | string[] } }[];
  responses: Record<string, { $ref?: string; headers?: Record<string, unknown> }>;
}

/** Serves the OpenAPI 3.1 document of whatever routes `app` has by the time that it is first asked for, and as a page. */
export function serveOpenApi(app: OpenAPIHono): void {
  const registry = app.openAPIRegistry;
  registry.register("Problem", ProblemSchema);
  for (const { name, response } of refusalResponses) registry.registerComponent("responses", name, response);
  let made: Document | undefined;
  const document = () => made ??= complete(app.getOpenAPI31Document(HEAD));
  app.openapi(describe, (c) => c.json(document() as unknown as Record<string, unknown>, 200));
  serveDocs(app, document);
}

/**
 * Adds what holds for every operation: that each response has the request's id, that a fault of ours is a 500 and another
 * site's name is refused, that a body may fall silent, and what one that needs a key refuses. Refusals that no operation
 * has are left out.
 */
function complete(document: Document): Document {
  const used = new Set<string | undefined>();
  for (const path of Object.values(document.paths ?? {})) {
    for (
      const { security, requestBody, parameters, responses } of Object.values(
        path as Record<string, Operation>,
      )
    ) {
      // What makes numbers of text would make one of null too, so they are told to be nullable; but text is never null.
      for (const { schema } of parameters ?? []) {
        if (Array.isArray(schema.type)) schema.type = schema.type.find((type) => type !== "null");
      }
      if (requestBody) Object.assign(responses, refusals(408));
      Object.assign(responses, refusals(421, 500), security?.length ? refusals(401, 403, 429) : {});
      for (const response of Object.values(responses)) {
        if (response.$ref) used.add(response.$ref.split("/").at(-1));
        else response.headers = { ...response.headers, ...REQUEST_ID };
      }
    }
  }
  const told = document.components?.responses ?? {};
  for (const name of Object.keys(told)) if (!used.has(name)) delete told[name];
  return document;
}

/** Which methods the document knows for a path, and so what `Allow` says; empty if it knows no such path. */
export function allowedMethods(app: OpenAPIHono, path: string): string[] {
  const methods = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" && toPattern(definition.route.path).test(path)
      ? [definition.route.method.toUpperCase()]
      : []
  );
  return [...new Set(methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]))];
}

const toPattern = (path: string) =>
  new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}$`);
