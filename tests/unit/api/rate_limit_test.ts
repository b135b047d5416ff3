import { assertEquals } from "@std/assert";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { limitRate } from "../../../src/api/rate_limit.ts";
import { OpenAPIHono } from "@hono/zod-openapi";
import { problemOf, withApi } from "./api_scene.ts";

Deno.test("limitRate() lets a burst of a minute's worth through, and then as much as flows back", async () => {
  let now = 0;
  const app = new OpenAPIHono();
  app.use(async (c, next) => {
    c.set("caller", { name: c.req.query("as")!, scopes: [] });
    await next();
  });
  app.use(limitRate(6, () => now));
  app.get("/", (c) => {
    c.get("charge")?.(Number(c.req.query("units") ?? 0));
    return c.text("");
  });
  const ask = async (name: string, units = 0) => {
    const { status, headers } = await app.request(`/?as=${name}&units=${units}`);
    return [status, headers.get("Retry-After"), headers.get("RateLimit")];
  };
  for (let left = 5; left >= 0; left--) {
    assertEquals(await ask("a"), [200, null, `"requests";r=${left};t=${10 * (6 - left)}`]);
  }
  assertEquals(await ask("a"), [429, "10", '"requests";r=0;t=60']);
  assertEquals((await ask("b"))[0], 200); // each has an allowance of its own
  now = 9000;
  assertEquals(await ask("a"), [429, "1", '"requests";r=0;t=51']);
  now = 10_000;
  assertEquals((await ask("a"))[0], 200);
  assertEquals((await ask("a"))[0], 429);
  now = 1e9; // never more than a minute's worth
  assertEquals(await ask("a", 7), [200, null, '"requests";r=0;t=80']); // and what was larger is waited for
  now += 20_000;
  assertEquals((await ask("a")).slice(0, 2), [429, "10"]);
  now += 10_000;
  assertEquals((await ask("a"))[0], 200);
});

Deno.test("a key that asks too often is told when it may again; its images count; health is always answered", () =>
  withApi(async ({ checkpoint, ...scene }) => {
    const keys = { find: (name: string) => ({ name, scopes: ["admin" as const] }) };
    const limits = { embeddingsBytes: 100_000, jsonBytes: 2000, requestsPerMinute: 4 };
    const embedder = {
      ready: () => true,
      unready: () => [],
      embed: (_: string, images: unknown[]) => images.map(() => new Float32Array(3)),
    };
    const decoder = { decode: () => Promise.resolve({ width: 1, height: 1, pixels: new Uint8Array(3) }) };
    const model = { dim: 3 }, checkpoints = { model: () => Promise.resolve(model) };
    const app = createApp({ ...scene, checkpoints, embedder, decoder, keys, limits } as unknown as ApiDeps);
    const as = (key: string) => ({ Authorization: `Bearer ${key}`, "Content-Type": "application/json" });
    const body = JSON.stringify({ model: checkpoint.id, input: ["AAAA", "AAAA", "AAAA"] });
    const first = await app.request("/v1/embeddings", { method: "POST", headers: as("a"), body });
    assertEquals([first.status, first.headers.get("RateLimit-Policy")], [200, '"requests";q=4;w=60']);
    assertEquals(first.headers.get("RateLimit")?.slice(0, 15), '"requests";r=1;');
    assertEquals((await app.request("/v1/jobs", { headers: as("a") })).status, 200);
    const refused = await app.request("/v1/jobs", { headers: as("a") });
    assertEquals(refused.headers.get("Retry-After"), "15");
    assertEquals(await problemOf(refused), [429, "rate_limited"]);
    for (const path of ["/healthz", "/readyz"]) {
      const { status, headers } = await app.request(path, { headers: as("a") });
      assertEquals([status, headers.has("RateLimit")], [200, false]);
    }
    assertEquals((await app.request("/v1/jobs", { headers: as("b") })).status, 200);
  }));
