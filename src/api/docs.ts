import { createHash } from "node:crypto";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import style from "./docs.css" with { type: "text" };
import { type Described, docsPage } from "./docs_page.ts";

const HASH = createHash("sha256").update(style).digest("base64");
/** The page may do nothing but show itself. */
const POLICY =
  `default-src 'none'; style-src 'sha256-${HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const docs = createRoute({
  method: "get",
  path: "/docs",
  operationId: "showDocs",
  tags: ["operations"],
  summary: "This document, as a page",
  responses: { 200: { description: "The page", content: { "text/html": { schema: z.string() } } } },
});
/** Shows the document that `describe` gives, with nothing fetched from elsewhere. */
export function serveDocs(app: OpenAPIHono, describe: () => unknown): void {
  let page: string | undefined;
  app.openapi(docs, (c) => {
    page ??= docsPage(describe() as Described, style);
    return c.html(page, 200, { "Content-Security-Policy": POLICY }) as never;
  });
}
