import { assert, assertEquals } from "@std/assert";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { problemOf, withApi } from "./api_scene.ts";

Deno.test("every answer tells browsers to keep it to itself, and none lets another origin read it", () =>
  withApi(async ({ app, checkpoint, dataset }) => {
    const origin = { Origin: "http://localhost" };
    for (
      const [path, init] of [
        ["/healthz", {}],
        ["/v1/jobs", { headers: origin }],
        ["/v1/jobs", { method: "OPTIONS", headers: { ...origin, "Access-Control-Request-Method": "POST" } }],
        ["/v1/uploads", { method: "OPTIONS", headers: origin }],
        ["/v1/uploads", {
          method: "POST",
          headers: { ...origin, "Tus-Resumable": "1.0.0", "Upload-Length": "3" },
        }],
        ["/v1/jobs", { method: "POST", body: "{" }],
        ["/nowhere", {}],
        [`/v1/datasets/${dataset.id}/items/0/image`, {}],
        [`/v1/datasets/${dataset.id}/items/0/original`, {}],
        [`/v1/checkpoints/${checkpoint.id}/files/model.safetensors`, {}],
      ] as [string, RequestInit][]
    ) {
      const { headers, body } = await app.request(path, init);
      await body?.cancel();
      assertEquals(headers.get("X-Content-Type-Options"), "nosniff", path);
      assertEquals(headers.get("Referrer-Policy"), "no-referrer", path);
      assertEquals(headers.get("X-Frame-Options"), "DENY", path);
      assertEquals(headers.get("Cross-Origin-Resource-Policy"), "same-origin", path);
      assertEquals(
        headers.get("Content-Security-Policy"),
        "default-src 'none'; frame-ancestors 'none'",
        path,
      );
      assertEquals([...headers.keys()].filter((name) => name.startsWith("access-control")), [], path);
      if (headers.get("Content-Type")?.includes("json")) {
        assertEquals(headers.get("Cache-Control"), "no-store", path);
      } else if (headers.has("ETag")) assert(headers.get("Cache-Control") !== "no-store", path);
    }
  }));

Deno.test("a page of another site can write nothing, whatever its browser tells of it", () =>
  withApi(async ({ app, store }) => {
    const before = store.listJobs({}, { limit: 100 }).data.length;
    const write = async (headers: Record<string, string>) =>
      await problemOf(await app.request("/v1/jobs", { method: "POST", body: "{}", headers }));
    const host = "localhost:8000", json = { "Content-Type": "application/json", Host: host };
    for (
      const page of [
        { "Sec-Fetch-Site": "cross-site" },
        { "Sec-Fetch-Site": "same-site", Origin: "http://localhost:3000" },
        { "Sec-Fetch-Site": "cross-site", Origin: `http://${host}` },
        { Origin: "https://evil.example" },
        { Origin: "http://localhost:3000" },
        { Origin: "null" },
      ] as Record<string, string>[]
    ) assertEquals(await write({ ...json, ...page }), [403, "cross_origin"], JSON.stringify(page));
    for (
      const page of [
        {},
        { "Sec-Fetch-Site": "same-origin", Origin: `http://${host}` },
        { "Sec-Fetch-Site": "none" },
        { Origin: `http://${host}` },
      ] as Record<string, string>[]
    ) assertEquals((await write({ ...json, ...page }))[0], 422, JSON.stringify(page));
    // What a form can send without asking first is no JSON.
    for (
      const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
    ) {
      assertEquals((await write({ "Content-Type": type, Host: host }))[0], 415, type);
    }
    assertEquals(store.listJobs({}, { limit: 100 }).data.length, before);
  }));

Deno.test("without keys the server answers to this machine's names and to those it is told, and with keys to all", () =>
  withApi(async (scene) => {
    const statuses = async (deps: Partial<ApiDeps>, hosts: string[]) => {
      const app = createApp({ ...scene, limits: {}, ...deps } as unknown as ApiDeps);
      return await Promise.all(
        hosts.map(async (Host) => (await app.request("/healthz", { headers: { Host } })).status),
      );
    };
    const ours = [
      "localhost",
      "LOCALHOST:8000",
      "a.localhost",
      "127.0.0.1:8000",
      "[::1]:8000",
      "192.168.1.7",
    ];
    assertEquals(await statuses({}, ours), ours.map(() => 200));
    const strange = [
      "evil.example",
      "evil.example:8000",
      "127.0.0.1.evil.example",
      "localhost.evil.example",
      "[::1].x",
      "",
    ];
    assertEquals(await statuses({}, strange), strange.map(() => 421));
    assertEquals(await statuses({}, ["latentd:8000"]), [421]);
    assertEquals(await statuses({ hosts: { allowed: [], fromNetwork: true } }, ["latentd:8000", "a.b"]), [
      200,
      421,
    ]);
    const hosts = { allowed: ["api.example.org:8443", "*.example.com"], fromNetwork: false };
    assertEquals(
      await statuses({ hosts }, [
        "api.example.org",
        "x.example.com:1",
        "example.com",
        "xexample.com",
        "x.example.org",
      ]),
      [200, 200, 421, 421, 421],
    );
    assertEquals(await statuses({ keys: { find: () => undefined } }, ["evil.example"]), [200]);
  }));
