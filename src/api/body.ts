import type { Context } from "hono";
import { DomainError } from "../domain/errors.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "./json_depth.ts";

/** The media type of the request's body: lower case, without parameters; empty if there is none. */
export const mediaType = (c: Context): string =>
  (c.req.header("Content-Type") ?? "").split(";")[0].trim().toLowerCase();

/**
 * Reads a body whole, counting while it streams, so that one without a length cannot grow past the limit.
 *
 * @throws {DomainError} `too_large`, or `malformed` if it breaks off.
 */
export async function readBody(c: Context, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new DomainError("too_large", `Cannot read the body: at most ${maxBytes} bytes are accepted`);
  if (Number(c.req.header("Content-Length")) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of c.req.raw.body ?? []) {
      total += chunk.length;
      if (total > maxBytes) throw tooLarge();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw new DomainError("malformed", "Cannot read the body: it broke off");
  }
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/**
 * Reads a JSON body, which is an object wherever this API takes one.
 *
 * @throws {DomainError} `unsupported_media_type` unless it says that it is JSON; `too_large`; `malformed` if it is none, no
 *   object, or nests deeper than {@link MAX_JSON_DEPTH}.
 */
export async function readJson(c: Context, maxBytes: number): Promise<Record<string, unknown>> {
  const type = mediaType(c);
  if (type !== "application/json") throw unsupported(type, ["application/json"]);
  const bytes = await readBody(c, maxBytes);
  const malformed = (reason: string, detail: string) =>
    new DomainError("malformed", `Cannot read the body as JSON: ${reason}`, {
      errors: [{ pointer: "#", detail }],
    });
  if (isTooDeep(bytes)) {
    const reason = `it may nest ${MAX_JSON_DEPTH} levels deep`;
    throw malformed(reason, reason);
  }
  let body: unknown;
  try {
    body = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    throw malformed(bytes.length === 0 ? "it is empty" : (error as Error).message, "must be JSON");
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw malformed("it must be an object", "must be an object");
  }
  return body as Record<string, unknown>;
}

export function unsupported(type: string, accepted: readonly string[]): DomainError {
  const got = type === "" ? "none" : type;
  return new DomainError(
    "unsupported_media_type",
    `Cannot read the body: Content-Type must be ${accepted.join(" or ")}, got ${got}`,
  );
}
