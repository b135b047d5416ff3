import type { OpenAPIHono } from "@hono/zod-openapi";

/** Serves the OpenAPI 3.1 document of whatever routes `app` has. */
export function serveOpenApi(app: OpenAPIHono): void {
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: {
      title: "latentd",
      version: "0.1.0",
      description: "Self-supervised training (BYOL) on your images, and their embeddings.",
      license: { name: "MIT" },
    },
  });
}

/** Which methods the document knows for a path, and so what `Allow` says; empty if it knows no such path. */
export function allowedMethods(app: OpenAPIHono, path: string): string[] {
  const methods = app.openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" && toPattern(definition.route.path).test(path)
      ? [definition.route.method.toUpperCase()]
      : []
  );
  if (path === "/openapi.json") methods.push("GET");
  return [...new Set(methods.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]))];
}

const toPattern = (path: string) =>
  new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}$`);
