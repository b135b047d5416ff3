import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { type Caller, KEY_PATTERN, type KeyRing, mayDo, type Scope } from "../domain/api_key.ts";
import { problem } from "./problem.ts";

declare module "hono" {
  interface ContextVariableMap {
    /** Whose key the request came with; undefined where the server has no keys, or the route needs none. */
    caller?: Caller;
  }
}

/**
 * What each route needs of a key. Objects have no owners, so what takes from others, or changes what they are served, is
 * `admin`'s: deleting what has been made, and aliases. A HEAD needs what its GET does.
 */
export const ACCESS: Record<string, Scope | "none"> = {
  "GET /healthz": "none",
  "GET /readyz": "none",
  "GET /metrics": "read",
  "GET /openapi.json": "read",
  "GET /docs": "read",
  "GET /": "none",
  "GET /assets/{name}": "none",
  "GET /v1/key": "read",
  "GET /v1/system": "read",
  "GET /v1/datasets": "read",
  "POST /v1/datasets": "train",
  "GET /v1/datasets/{id}": "read",
  "DELETE /v1/datasets/{id}": "admin",
  "POST /v1/datasets/{id}/parts": "train",
  "GET /v1/datasets/{id}/items": "read",
  "GET /v1/datasets/{id}/items/{n}/image": "read",
  "GET /v1/datasets/{id}/items/{n}/original": "read",
  "GET /v1/datasets/{id}/columns": "read",
  "GET /v1/datasets/{id}/atlases": "read",
  "GET /v1/datasets/{id}/atlases/{n}": "read",
  "GET /v1/datasets/{id}/projection": "embed",
  "GET /v1/datasets/{id}/views": "read",
  "GET /v1/datasets/{id}/rejected": "read",
  "GET /v1/datasets/{id}/duplicates": "read",
  "POST /v1/uploads": "train",
  "HEAD /v1/uploads/{id}": "train",
  "PATCH /v1/uploads/{id}": "train",
  "DELETE /v1/uploads/{id}": "train",
  "GET /v1/jobs": "read",
  "POST /v1/jobs": "train",
  "POST /v1/jobs/estimate": "train",
  "GET /v1/jobs/{id}": "read",
  "POST /v1/jobs/{id}/pause": "train",
  "POST /v1/jobs/{id}/resume": "train",
  "POST /v1/jobs/{id}/cancel": "train",
  "GET /v1/jobs/{id}/events": "read",
  "GET /v1/jobs/{id}/metrics": "read",
  "GET /v1/jobs/{id}/checkpoints": "read",
  "GET /v1/jobs/{id}/evaluations": "read",
  "GET /v1/jobs/{id}/files": "read",
  "GET /v1/jobs/{id}/files/{name}": "read",
  "GET /v1/checkpoints": "read",
  "POST /v1/checkpoints": "train",
  "GET /v1/checkpoints/{id}": "read",
  "DELETE /v1/checkpoints/{id}": "admin",
  "GET /v1/checkpoints/{id}/evaluations": "read",
  "GET /v1/checkpoints/{id}/files/{name}": "read",
  "GET /v1/checkpoints/{id}/archive": "read",
  "GET /v1/models": "read",
  "GET /v1/models/{id}": "read",
  "PUT /v1/models/{id}": "admin",
  "DELETE /v1/models/{id}": "admin",
  "GET /v1/backups": "admin",
  "POST /v1/backups": "admin",
  "DELETE /v1/backups/{id}": "admin",
  "POST /v1/embeddings": "embed",
  "POST /v1/neighbors": "embed",
  "POST /v1/classifications": "embed",
};

/** Names under which clients put keys into a query, where proxies, logs and histories keep them. */
const QUERY_KEYS = ["access_token", "api_key", "apikey", "key", "token"];

/** The route that answers a request, as the table names it; undefined if none does. */
export function routeOf(c: Context): string | undefined {
  const path = matchedRoutes(c).filter(({ path }) => path !== "/*").at(-1)?.path;
  if (path === undefined) return undefined;
  const named = `${c.req.method} ${toTemplate(path, c.req.path)}`;
  const asGet = named.replace(/^HEAD /, "GET ");
  return named in ACCESS || !(asGet in ACCESS) ? named : asGet;
}

/** `/v1/uploads/:id?` → `/v1/uploads/{id}`, or `/v1/uploads` where that was asked for. */
function toTemplate(route: string, asked: string): string {
  const optional = route.match(/^(.*)\/:\w+\?$/)?.[1];
  return (optional === asked ? optional : route).replaceAll(/:(\w+)\??/g, "{$1}");
}

/** What the request's route needs; a route that is not in the table needs `admin`, and no route at all needs none. */
export function needOf(c: Context): Scope | "none" {
  const route = routeOf(c);
  return route === undefined ? "none" : ACCESS[route] ?? "admin";
}

/**
 * Lets a request through whose key may do what its route needs; without keys, every one. An unknown path needs a key too,
 * of any scope, so that a stranger learns nothing.
 */
export function requireKey(keys: KeyRing | undefined): MiddlewareHandler {
  return async function requireKey(c, next) {
    const route = routeOf(c), need = needOf(c);
    if (!keys || (route !== undefined && need === "none")) return await next();
    const caller = keyInQuery(c) ? undefined : keys.find(bearerOf(c));
    if (!caller) return unauthorized(c);
    c.set("caller", caller);
    if (need === "none" || mayDo(caller, need)) return await next();
    return problem(c, 403, `Cannot ${c.req.method} ${c.req.path}: the key lacks the scope ${need}`, {
      code: "insufficient_scope",
      headers: { "WWW-Authenticate": `Bearer error="insufficient_scope", scope="${need}"` },
    });
  };
}

/** One answer, whatever was wrong: it does not tell a guess from a key that has expired. */
const unauthorized = (c: Context): Response =>
  problem(c, 401, "Cannot let the request in: it needs a valid key, in `Authorization: Bearer` only", {
    ...{ code: "invalid_api_key", headers: { "WWW-Authenticate": "Bearer" } },
  });

const bearerOf = (c: Context): string => c.req.header("Authorization")?.match(/^Bearer +(\S+)$/i)?.[1] ?? "";

const keyInQuery = (c: Context): boolean =>
  Object.entries(c.req.queries()).some(([name, values]) =>
    QUERY_KEYS.includes(name.toLowerCase()) || [name, ...values].some((text) => KEY_PATTERN.test(text))
  );

/** Says in the OpenAPI document of `app`, whose routes must all be there, what each needs. */
export function describeAccess(app: OpenAPIHono): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    ...{ type: "http", scheme: "bearer" },
    description:
      "A key of API_KEYS_FILE, and its scope; `admin` has all. A server without keys asks for none",
  });
  for (const definition of app.openAPIRegistry.definitions) {
    if (definition.type !== "route") continue;
    const { method, path } = definition.route;
    const need = ACCESS[`${method.toUpperCase()} ${path}`] ?? "admin";
    definition.route.security = need === "none" ? [] : [{ bearer: [need] }];
  }
}
