import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { SCOPES } from "../domain/api_key.ts";
import { json } from "./schemas.ts";

const KeySchema = z.object({
  object: z.literal("key"),
  name: z.string().nullable().openapi({ description: "Null where the server has no keys" }),
  scopes: z.array(z.enum(SCOPES)).openapi({ description: "`admin` has all; without keys everybody has" }),
}).openapi("Key");

const look = createRoute({
  method: "get",
  path: "/v1/key",
  operationId: "getKey",
  tags: ["operations"],
  summary: "What the key that the request comes with may do",
  responses: { 200: json(KeySchema, "Its name and scopes") },
});

/** So that a client can tell beforehand what it will be refused. */
export function keyRoutes(): OpenAPIHono {
  const app = new OpenAPIHono();
  app.openapi(look, (c) => {
    const { name, scopes } = c.get("caller") ?? { name: null, scopes: SCOPES };
    return c.json({ object: "key" as const, name, scopes: [...scopes] }, 200);
  });
  return app;
}
