import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { toUnitLength } from "../domain/unit_length.ts";
import { pointerTo, refusal } from "./bad_images.ts";
import type { ApiDeps } from "./deps.ts";
import { type EmbeddingTiming, embedImages } from "./embed_images.ts";
import { EmbeddingBody, IMAGE_TYPES, readEmbeddingRequest, TextOptions } from "./embedding_input.ts";
import { notReady } from "./health.ts";
import { findModel } from "./models.ts";
import { encodeNpy } from "./npy.ts";
import { rejectInvalid } from "./problem.ts";
import { chargeImages } from "./rate_limit.ts";
import { refusals } from "./refusals.ts";
import { binary, bodyOf, describeBodies } from "./request_schemas.ts";
import { json } from "./schemas.ts";

/** What a request's images may take where nothing else is said. */
const LIMIT_MS = 60_000;

const EmbeddingList = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: z.int(),
    embedding: z.union([z.array(z.number()), z.string()]),
  })),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int(), images: z.int() }),
  errors: z.array(z.object({ index: z.int(), code: z.string(), detail: z.string(), pointer: z.string() }))
    .optional().openapi({ description: "With `partial`: the images that have no embedding, and why" }),
}).openapi("EmbeddingList");

const textOptions = z.toJSONSchema(TextOptions, { io: "input" }).properties as Record<
  string,
  { description?: string }
>;
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVQI12P4z8AAAAMBAQAY3Y2wAAAAAElFTkSuQmCC";
const embed = createRoute({
  method: "post",
  path: "/v1/embeddings",
  operationId: "createEmbeddings",
  tags: ["models"],
  summary: "Embed images, in OpenAI's shape; where the body is an image, its options are in the query",
  // Told, and not checked by whoever routes: a wrong option is a 400 here, as OpenAI's clients expect.
  parameters: Object.entries(textOptions).map(([name, { description, ...schema }]) => ({
    ...{ name, in: "query" as const, schema, description: `${description}. Where the body is no JSON` },
  })),
  request: {
    body: {
      required: true,
      content: {
        ...bodyOf("EmbeddingRequest", {
          "one image": { model: "photos", input: PIXEL },
          "some, as base64": { model: "photos", input: [PIXEL, { image: PIXEL }], encoding_format: "base64" },
        }),
        ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, binary])),
        "multipart/form-data": {
          schema: {
            ...{ type: "object", properties: textOptions, additionalProperties: binary.schema } as const,
            description: "Each part with a filename is an image; the options are fields, or in the query",
          },
        },
      },
    },
  },
  responses: {
    200: {
      ...json(EmbeddingList, "One embedding an image, in order"),
      headers: {
        "Server-Timing": {
          description: "Milliseconds that decoding, waiting, loading the model and the GPU took",
          required: true,
          schema: { type: "string", pattern: "^decode;dur=" },
        },
      },
      content: { ...json(EmbeddingList, "").content, "application/x-npy": binary },
    },
    ...refusals(400, 404, 409, 413, 415, 422, 503, 504),
  },
});

/** Embedding of images. */
export function embeddingRoutes({ store, checkpoints, decoder, embedder, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  describeBodies(app, { EmbeddingRequest: EmbeddingBody });
  app.openapi(embed, async (c) => {
    const request = await readEmbeddingRequest(c, limits.embeddingsBytes);
    chargeImages(c, request.images.length);
    const { id: checkpoint } = findModel(store, request.model);
    // The disk is asked only where somebody wants to know: a model that is at hand needs it no more.
    const { dim } = request.dimensions === undefined ? {} : await checkpoints.model(checkpoint);
    if (dim !== request.dimensions) {
      throw new DomainError(
        "malformed",
        `Cannot shorten embeddings: ${request.model} has ${dim} dimensions, got ${request.dimensions}`,
        { errors: [{ detail: `must be ${dim} or left out`, pointer: "#/dimensions" }] },
      );
    }
    const reasons = embedder.unready();
    if (request.images.some(({ bytes }) => bytes) && reasons.length > 0) throw notReady(reasons);
    const { rows, bad, timing } = await inTime(
      limits.embeddingsLimitMs ?? LIMIT_MS,
      c.req.raw.signal,
      (signal) => embedImages(request, checkpoint, { decoder, embedder }, signal),
    );
    c.header("Server-Timing", serverTiming(timing));
    if (bad.length > 0 && !(request.partial && bad.length < rows.length)) throw refusal(bad);
    if (request.normalize) rows.forEach((row) => row && toUnitLength(row));
    if (c.req.header("Accept")?.includes("application/x-npy")) {
      // A row stands where its image stood: without one it is no numbers.
      const { length } = rows.find((row) => row !== undefined)!;
      const all = rows.map((row) => row ?? new Float32Array(length).fill(NaN));
      return c.body(encodeNpy(all, length), 200, { "Content-Type": "application/x-npy" });
    }
    const data = rows.flatMap((row, index) =>
      row
        ? [{
          object: "embedding" as const,
          index,
          embedding: request.encoding_format === "base64" ? toBase64(row) : Array.from(row),
        }]
        : []
    );
    const usage = { prompt_tokens: 0, total_tokens: 0, images: data.length };
    const errors = bad.map(({ index, type, detail }) => ({
      index,
      code: type,
      detail,
      pointer: pointerTo(index),
    }));
    return c.json({
      ...{ object: "list" as const, model: request.model, data, usage },
      ...(errors.length > 0 ? { errors } : {}),
    }, 200);
  });
  return app;
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

/** Little-endian f32, as every platform that this runs on keeps them. */
const toBase64 = (row: Float32Array) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength).toBase64();
