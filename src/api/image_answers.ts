import type { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import { DomainError } from "../domain/errors.ts";
import { pointerTo, refusal } from "./bad_images.ts";
import type { ApiDeps } from "./deps.ts";
import { type EmbeddingTiming, embedImages } from "./embed_images.ts";
import { IMAGE_TYPES, type ImageRequest } from "./embedding_input.ts";
import { notReady } from "./health.ts";
import { binary } from "./request_schemas.ts";

/** What a request's images may take where nothing else is said. */
const LIMIT_MS = 60_000;

/** An image of one pixel, for examples. */
export const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12P4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC";

/** What an answer has beside its data. */
export const ImageErrors = {
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int(), images: z.int() }),
  errors: z.array(z.object({ index: z.int(), code: z.string(), detail: z.string(), pointer: z.string() }))
    .optional().openapi({ description: "With `partial`: the images that have no entry, and why" }),
};
export const SERVER_TIMING = {
  "Server-Timing": {
    description: "Milliseconds that decoding, waiting, loading the model and the GPU took",
    required: true,
    schema: { type: "string" as const, pattern: "^decode;dur=" },
  },
};

/**
 * The forms in which a request's images may come, for its route.
 *
 * @param options What is said in the query, or in a form, where the body is images.
 * @param json The JSON body, as `bodyOf` has it.
 */
export function imageForms(
  options: z.ZodType,
  json: Record<string, object>,
): Pick<Parameters<typeof createRoute>[0], "parameters" | "request"> {
  const properties = z.toJSONSchema(options, { io: "input" }).properties as Record<
    string,
    { description?: string }
  >;
  return {
    // Told, and not checked by whoever routes: a wrong option is a 400 here, as OpenAI's clients expect.
    parameters: Object.entries(properties).map(([name, { description, ...schema }]) => ({
      ...{ name, in: "query" as const, schema, description: `${description}. Where the body is no JSON` },
    })),
    request: {
      body: {
        required: true,
        content: {
          ...json,
          ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, binary])),
          "multipart/form-data": {
            schema: {
              ...{ type: "object", properties, additionalProperties: binary.schema } as const,
              description: "Each part with a filename is an image; the options are fields, or in the query",
            },
          },
        },
      },
    },
  };
}

/**
 * Has a request's images embedded, or whatever else `embedder` makes rows of, within the time that they may take.
 *
 * @returns A row for each good image, and what the answer has beside them; with `partial` there may be none for some.
 * @throws {DomainError} `unavailable`, `overdue`; naming every bad image, unless the request takes what is good.
 */
export async function answerImages(
  c: Context,
  request: ImageRequest,
  checkpoint: string,
  { decoder, embedder, limits, serving, turns }: Pick<ApiDeps, "decoder" | "limits" | "serving" | "turns"> & {
    embedder: Pick<ApiDeps["embedder"], "embed" | "unready">;
  },
) {
  const reasons = embedder.unready();
  if (request.images.some(({ bytes }) => bytes) && reasons.length > 0) throw notReady(reasons);
  const began = performance.now();
  const { rows, bad, timing } = await inTime(
    limits.embeddingsLimitMs ?? LIMIT_MS,
    c.req.raw.signal,
    (signal) => embedImages(request, checkpoint, { decoder, embedder }, signal),
  );
  await turns?.answer();
  serving?.observe(checkpoint, performance.now() - began, rows.length - bad.length);
  c.header("Server-Timing", serverTiming(timing));
  if (bad.length > 0 && !(request.partial && bad.length < rows.length)) throw refusal(bad);
  const usage = { prompt_tokens: 0, total_tokens: 0, images: rows.length - bad.length };
  const errors = bad.map(({ index, type, detail }) => ({
    ...{ index, code: type, detail, pointer: pointerTo(index) },
  }));
  return { rows, usage, ...(errors.length > 0 ? { errors } : {}) };
}

/**
 * Does something that may take so long, and is given up where whoever asked goes away.
 *
 * @throws {DomainError} `overdue`.
 */
async function inTime<T>(
  ms: number,
  gone: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const late = new AbortController(),
    timer = setTimeout(() => {
      late.abort(new DomainError("overdue", `Cannot embed in time: it took more than ${ms / 1000} s`));
    }, ms);
  try {
    return await work(AbortSignal.any([gone, late.signal]));
  } finally {
    clearTimeout(timer);
  }
}

/** As the header has it, in milliseconds. */
const serverTiming = (timing: EmbeddingTiming): string =>
  Object.entries(timing).map(([stage, seconds]) => `${stage};dur=${(1000 * seconds).toFixed(2)}`).join(", ");
