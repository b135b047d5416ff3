import { assert, assertEquals, assertMatch } from "@std/assert";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { docsPage } from "../../../src/api/docs_page.ts";

const app = createApp({ limits: {} } as unknown as ApiDeps);

Deno.test("/docs shows every operation and schema, and every link in it has its target", async () => {
  const page = await (await app.request("/docs")).text();
  const { paths, components } = await (await app.request("/openapi.json")).json();
  const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
  const operations = Object.values<Record<string, { operationId: string }>>(paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId)
  );
  const schemas = Object.keys(components.schemas).map((name) => `schema-${name}`);
  assertEquals(ids.toSorted(), [...operations, ...schemas].sort());
  const links = [...page.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
  assert(links.length > operations.length + schemas.length, "the page's links were not found");
  assertEquals(links.filter((id) => !ids.includes(id)), []);
  for (const told of ["checkpoint.keep_last", "≤ 8192", "Retry-After", "cifar_resnet8"]) {
    assert(page.includes(told), `the page does not tell of ${told}`);
  }
});

Deno.test("/docs fetches nothing and may run nothing", async () => {
  const response = await app.request("/docs"), page = await response.text();
  const style = page.match(/<style>(.*?)<\/style>/s)![1];
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  assertMatch(
    response.headers.get("Content-Security-Policy")!,
    /^default-src 'none'; style-src 'sha256-[^ ]+';/,
  );
  assert(response.headers.get("Content-Security-Policy")!.includes(new Uint8Array(hash).toBase64()));
  assertEquals(page.match(/<script|<link|<img|<iframe| on\w+=| style=|url\(|@import| src=/gi), null);
});

Deno.test("docsPage() shows what a document says as text, never as markup", () => {
  const evil = `<script>alert("&")</script>`;
  const schema = {
    type: "object",
    description: evil,
    properties: { [evil]: { enum: [evil], default: evil } },
  };
  const page = docsPage({
    info: { title: evil, version: evil, description: evil },
    tags: [{ name: "a", description: evil }],
    paths: {
      [`/${evil}`]: {
        get: {
          ...{ operationId: "b", tags: ["a"], summary: evil, description: evil },
          parameters: [{ name: evil, in: "query", schema: { format: evil, pattern: evil } }],
          requestBody: { content: { [evil]: { schema: { $ref: `#/${evil}` }, example: evil } } },
          responses: { 200: { description: evil, headers: { [evil]: {} }, content: { [evil]: { schema } } } },
        },
      },
    },
    components: { schemas: { A: schema }, responses: {} },
  }, "");
  assert(page.includes("&lt;script&gt;"));
  assert(!page.includes("<script"), page.slice(page.indexOf("<script") - 80, page.indexOf("<script") + 80));
});
