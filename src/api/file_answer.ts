import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { type ByteRange, parseRange } from "./byte_range.ts";
import { problem } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";

/** A file to answer with. */
export interface AnswerFile {
  name: string;
  mediaType: string;
  /** What a client is to save it as. */
  saveAs: string;
  bytes: number;
  /** In hex. */
  sha256: string;
  /** How long a client may keep it without asking. */
  cacheControl: string;
  /** Its bytes from `start` to `end`, both inclusive, as fast as they are taken; not called for a HEAD. */
  open(range: ByteRange): Promise<ReadableStream<Uint8Array>>;
}

const header = (description: string) => z.string().openapi({ description });
/** The headers that `answerFile` looks at. */
export const FileHeaders = z.object({
  range: header("One range of bytes").optional(),
  "if-range": header("An ETag: with another one the range is ignored").optional(),
  "if-none-match": header("ETags: with the file's among them the answer is 304").optional(),
});
const CACHED = { ETag: header("The file's SHA-256, quoted"), "Accept-Ranges": z.literal("bytes") };
const NAMED = { ...CACHED, "Content-Disposition": header("What to save it as") };

/** What `answerFile` answers. @param mediaTypes Those that a file may be of; JSON is told to be any. */
export function fileResponses(...mediaTypes: string[]) {
  const content = Object.fromEntries(
    mediaTypes.map((type) => [type, type === "application/json" ? { schema: {} } : binary]),
  );
  return {
    200: { description: "The file", headers: z.object(NAMED), content },
    206: {
      description: "The range asked for",
      headers: z.object({ ...NAMED, "Content-Range": header("Which bytes, and of how many") }),
      content,
    },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(416),
  };
}

/** Answers a GET or HEAD of a file: whole, in one range, or that the client has it already. */
export async function answerFile(c: Context, file: AnswerFile): Promise<Response> {
  const etag = `"${file.sha256}"`;
  c.header("ETag", etag);
  c.header("Accept-Ranges", "bytes");
  c.header("Cache-Control", file.cacheControl);
  if (matches(c.req.header("If-None-Match"), etag)) return c.body(null, 304);
  const ifRange = c.req.header("If-Range");
  const range = ifRange === undefined || ifRange === etag
    ? parseRange(c.req.header("Range"), file.bytes)
    : undefined;
  if (range === "unsatisfiable") {
    return problem(c, 416, `Cannot read that range: ${file.name} has ${file.bytes} bytes`, {
      code: "range_not_satisfiable",
      headers: { "Content-Range": `bytes */${file.bytes}` },
    });
  }
  const { start, end } = range ?? { start: 0, end: file.bytes - 1 };
  const headers = {
    "Content-Type": file.mediaType,
    "Content-Disposition": `attachment; filename="${file.saveAs}"`,
    "Content-Length": String(end - start + 1),
    ...(range ? { "Content-Range": `bytes ${start}-${end}/${file.bytes}` } : {}),
  };
  const status = range ? 206 : 200;
  if (c.req.method === "HEAD") return c.body(null, status, headers);
  return c.body(await file.open({ start, end }), status, headers);
}

/** Whether a client has already what the ETag names. */
export const matches = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch?.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag) ??
    false;
