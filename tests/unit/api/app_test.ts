import { assert, assertEquals } from "@std/assert";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { problemOf, withApi } from "./api_scene.ts";

Deno.test("createApp() answers /healthz always and /readyz once the worker is up", () =>
  withApi(async ({ get, act }) => {
    assertEquals([(await get("/healthz")).status, (await get("/readyz")).status], [200, 200]);
    act.ready = false;
    const answer = await get("/readyz");
    assertEquals(answer.headers.get("Retry-After"), "2");
    assertEquals(await problemOf(answer), [503, "unavailable"]);
    assertEquals((await get("/healthz")).status, 200);
  }));

Deno.test("createApp() gives every response a request id, the caller's if it is sound", () =>
  withApi(async ({ get }) => {
    for (const path of ["/healthz", "/nowhere", "/openapi.json", "/v1/jobs/x"]) {
      const own = (await get(path)).headers.get("X-Request-Id");
      assert(own && own.length >= 20, path);
      assertEquals((await get(path, { "X-Request-Id": "abc-1" })).headers.get("X-Request-Id"), "abc-1");
      assert((await get(path, { "X-Request-Id": "<script>" })).headers.get("X-Request-Id") !== "<script>");
    }
  }));

Deno.test("createApp() tells an unknown route from a wrong method", () =>
  withApi(async ({ app, get }) => {
    assertEquals(await problemOf(await get("/v1/nothing")), [404, "not_found"]);
    const wrong = await app.request("/v1/jobs/x", { method: "PATCH" });
    assertEquals(wrong.headers.get("Allow"), "GET, HEAD");
    assertEquals(await problemOf(wrong), [405, "method_not_allowed"]);
    assertEquals(
      (await app.request("/v1/models/x", { method: "POST" })).headers.get("Allow"),
      "GET, HEAD, PUT, DELETE",
    );
  }));

Deno.test("createApp() lets no malformed id near a file", () =>
  withApi(async ({ get }) => {
    const id = encodeURIComponent("../../etc/passwd");
    for (
      const path of [
        ...[`/v1/datasets/${id}`, `/v1/jobs/${id}`, `/v1/checkpoints/${id}`, `/v1/datasets/${id}/items`],
        ...[`/v1/checkpoints/${id}/files/config.json`, "/v1/jobs/%00", `/v1/jobs/${"a".repeat(2000)}/events`],
      ]
    ) assertEquals((await problemOf(await get(path)))[0], 404, path);
  }));

Deno.test("createApp() lists what is wrong with a query", () =>
  withApi(async ({ get }) => {
    const answer = await get("/v1/jobs?limit=0&status=sleeping");
    assertEquals(await problemOf(answer), [422, "invalid", "#/query/limit", "#/query/status/0"]);
  }));

Deno.test("createApp() answers a fault of ours with a bare 500", async () => {
  const log = console.error;
  console.error = () => {};
  try {
    const store = {
      listJobs: () => {
        throw new TypeError("/secret/path");
      },
    };
    const app = createApp({ store, limits: {} } as unknown as ApiDeps);
    const response = await app.request("/v1/jobs");
    const text = await response.clone().text();
    assertEquals([text.includes("secret"), text.includes("at ")], [false, false]);
    assertEquals(await problemOf(response), [500, "internal"]);
  } finally {
    console.error = log;
  }
});

Deno.test("/openapi.json is OpenAPI 3.1 and says what is routed, with the pretrain config", () =>
  withApi(async ({ app, get }) => {
    const document = await (await get("/openapi.json")).json();
    assertEquals(document.openapi, "3.1.0");
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`)
    );
    const routed = app.routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    // Resumable uploads are handed on whatever their method; what is documented is what tus has.
    const tus = documented.filter((route) => route.includes(" /v1/uploads"));
    assertEquals(tus.sort(), [
      ...["DELETE /v1/uploads/{id}", "HEAD /v1/uploads/{id}", "PATCH /v1/uploads/{id}", "POST /v1/uploads"],
    ]);
    assertEquals(documented.sort(), [...new Set([...routed, ...tus])].sort());
    const { PretrainConfig, PretrainJobRequest } = document.components.schemas;
    assertEquals(PretrainJobRequest.properties.config.$ref, "#/components/schemas/PretrainConfig");
    assertEquals(PretrainConfig.properties.seed.default, 0);
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{\w+\}/g, "{}"));
    assertEquals(new Set(shapes).size, shapes.length);
  }));
