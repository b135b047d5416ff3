import type { Context } from "hono";
import { DomainError } from "../domain/errors.ts";

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
 * Reads a JSON body.
 *
 * @throws {DomainError} `unsupported_media_type` unless it says that it is JSON, `too_large`, `malformed`.
 */
export async function readJson(c: Context, maxBytes: number): Promise<unknown> {
  const type = mediaType(c);
  if (type !== "application/json") throw unsupported(type, ["application/json"]);
  const bytes = await readBody(c, maxBytes);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    const reason = bytes.length === 0 ? "it is empty" : (error as Error).message;
    throw new DomainError("malformed", `Cannot read the body as JSON: ${reason}`);
  }
}

export function unsupported(type: string, accepted: readonly string[]): DomainError {
  const got = type === "" ? "none" : type;
  return new DomainError(
    "unsupported_media_type",
    `Cannot read the body: Content-Type must be ${accepted.join(" or ")}, got ${got}`,
  );
}
