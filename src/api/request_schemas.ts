import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";

/**
 * Puts schemas that handlers parse bodies by into the document's components: what may be sent, defaults included. They are
 * told, and not checked by whoever routes, which would read a body whole.
 *
 * @param schemas By the names that `bodyOf` refers to; one that is part of another is referred to there.
 */
export function describeBodies(app: OpenAPIHono, schemas: Record<string, z.ZodType>): void {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const described = z.toJSONSchema(registry, { io: "input", uri: (id) => `#/components/schemas/${id}` });
  for (const [id, { $schema: _, $id: __, ...schema }] of Object.entries(described.schemas)) {
    app.openAPIRegistry.registerComponent("schemas", id, schema as object);
  }
}

/** A JSON body of the schema of that name, with an example or more of it. */
export const bodyOf = (name: string, examples: Record<string, unknown>) => ({
  "application/json": {
    schema: { $ref: `#/components/schemas/${name}` },
    examples: Object.fromEntries(Object.entries(examples).map(([title, value]) => [title, { value }])),
  },
});

/** A body of bytes. */
export const binary = { schema: { type: "string", format: "binary" } as const };
