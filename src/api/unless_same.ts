import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";

const TAG = { ETag: z.string().openapi({ description: "Of this very answer" }) };
/** What a route of {@link answerUnlessSame} says of its requests and answers. */
export const IF_CHANGED = z.object({
  "if-none-match": z.string().optional().openapi({ description: "With the ETag of what is still so, 304" }),
});
export const TAGGED = z.object(TAG);
export const NOT_MODIFIED = { 304: { description: "Still what that ETag is of", headers: TAGGED } };

/** Answers in JSON, or with 304 whoever has this already: for what is asked for again and again. */
export function answerUnlessSame(c: Context, value: unknown) {
  const text = JSON.stringify(value), tag = `"${createHash("sha256").update(text).digest("base64url")}"`;
  // Browsers are to keep nothing of it: whoever asks again has it in hand.
  const headers = { "ETag": tag, "Cache-Control": "no-store" };
  if (c.req.header("If-None-Match") === tag) return c.body(null, 304, headers) as never;
  return c.body(text, 200, { ...headers, "Content-Type": "application/json" }) as never;
}
