import { assert, assertEquals } from "@std/assert";
import { ACCESS } from "../../../src/api/access.ts";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { type Caller, SCOPES } from "../../../src/domain/api_key.ts";
import { problemOf, withApi } from "./api_scene.ts";

const CALLERS: Record<string, Caller> = Object.fromEntries(
  SCOPES.map((scope) => [scope, { name: `the-${scope}`, scopes: [scope] }]),
);
const REAL_KEY = `lat_${"k".repeat(43)}`;
const keys = { find: (key: string): Caller | undefined => CALLERS[key] };
const as = (key: string) => ({ Authorization: `Bearer ${key}` });

/** Every request that the app routes, with `{id}` for what varies. */
function routed(): string[] {
  const { routes, openAPIRegistry } = createApp({ limits: {} } as unknown as ApiDeps);
  const documented = openAPIRegistry.definitions.flatMap((definition) =>
    definition.type === "route" ? [`${definition.route.method.toUpperCase()} ${definition.route.path}`] : []
  );
  const served = routes.filter(({ method }) => method !== "ALL").map(({ method, path }) =>
    `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`
  );
  return [...new Set([...documented, ...served])];
}

Deno.test("every route of the app says which scope it needs", () => {
  const routes = routed();
  assert(routes.length > 30, `only ${routes.length} routes were found: is this test looking at them?`);
  assertEquals(routes.filter((route) => ACCESS[route] === undefined), []);
  const open = Object.keys(ACCESS).filter((route) => ACCESS[route] === "none");
  assertEquals(open, ["GET /healthz", "GET /readyz", "GET /", "GET /assets/{name}"]);
  const read = Object.keys(ACCESS).filter((route) => ACCESS[route] === "read");
  assertEquals(read.filter((route) => !route.startsWith("GET ")), []);
});

Deno.test("every route takes the scope it needs, and admin, and no other", () =>
  withApi(async (scene) => {
    const app = createApp({ ...scene, keys, limits: {} } as unknown as ApiDeps);
    for (const route of routed()) {
      const [method, template] = route.split(" "), need = ACCESS[route];
      const path = template.replaceAll(/\{\w+\}/g, "none");
      const statuses = await Promise.all(SCOPES.map(async (scope) => {
        const answer = await app.request(path, { method, headers: as(scope) });
        if (answer.status === 403) {
          assertEquals(
            answer.headers.get("WWW-Authenticate"),
            `Bearer error="insufficient_scope", scope="${need}"`,
          );
          if (method !== "HEAD") {
            const { detail, error } = await answer.json();
            assert(
              detail.endsWith(`the key lacks the scope ${need}`) && error.code === "insufficient_scope",
              detail,
            );
          }
        } else await answer.body?.cancel();
        return answer.status;
      }));
      const allowed = SCOPES.filter((_, i) => ![401, 403].includes(statuses[i]));
      assertEquals(
        allowed,
        need === "none" ? [...SCOPES] : SCOPES.filter((s) => [need, "admin"].includes(s)),
        route,
      );
      const bare = await app.request(path, { method });
      assertEquals(bare.status === 401, need !== "none", route);
      await bare.body?.cancel();
    }
    assertEquals((await app.request("/v1/jobs", { method: "HEAD", headers: as("embed") })).status, 403);
  }));

Deno.test("a missing, wrong, expired or ill-placed key gets one answer", () =>
  withApi(async (scene) => {
    const app = createApp({ ...scene, keys, limits: {} } as unknown as ApiDeps), answers = new Set<string>();
    for (
      const [query, headers] of [
        ["", {}],
        ["", as("wrong")],
        ["", as("")],
        ["", { Authorization: "Basic cmVhZDo=" }],
        ["", { Authorization: "read" }],
        ["", { "X-API-Key": "read" }],
        ["?api_key=read", {}],
        ["?key=read", as("read")],
        ["?access_token=read", as("read")],
        [`?after=${REAL_KEY}`, as("read")],
        [`?${REAL_KEY}`, as("admin")],
      ] as [string, Record<string, string>][]
    ) {
      const answer = await app.request(`/v1/jobs${query}`, { headers });
      assertEquals(answer.headers.get("WWW-Authenticate"), "Bearer");
      answers.add(await answer.clone().text());
      assertEquals(await problemOf(answer), [401, "invalid_api_key"], query);
    }
    assertEquals(answers.size, 1);
    assertEquals((await app.request("/v1/jobs", { headers: { Authorization: "bearer  read" } })).status, 200);
  }));

Deno.test("a stranger is not told which paths there are; whoever has a key is", () =>
  withApi(async (scene) => {
    const app = createApp({ ...scene, keys, limits: {} } as unknown as ApiDeps);
    for (const path of ["/nowhere", "/v1/jobs/../secret", "/healthz/x", "/%68ealthz/", "//healthz"]) {
      assertEquals((await app.request(path)).status, 401, path);
      assertEquals((await app.request(path, { headers: as("embed") })).status, 404, path);
    }
    const wrong = await app.request("/v1/models/x", { method: "POST", headers: as("read") });
    assertEquals(await problemOf(wrong), [405, "method_not_allowed"]);
  }));

Deno.test("the OpenAPI document says what each operation needs", () =>
  withApi(async ({ get }) => {
    const { paths, components } = await (await get("/openapi.json")).json();
    assertEquals(components.securitySchemes.bearer.scheme, "bearer");
    assertEquals(paths["/v1/jobs"].post.security, [{ bearer: ["train"] }]);
    assertEquals(paths["/healthz"].get.security, []);
    assertEquals(paths["/v1/uploads/{id}"].head.security, [{ bearer: ["train"] }]);
  }));
