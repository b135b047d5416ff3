import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { toUnitLength } from "../domain/unit_length.ts";
import type { ApiDeps } from "./deps.ts";
import { EmbeddingBody, readEmbeddingRequest, TextOptions } from "./embedding_input.ts";
import { answerImages, ImageErrors, imageForms, PIXEL, SERVER_TIMING } from "./image_answers.ts";
import { findModel } from "./models.ts";
import { encodeNpy } from "./npy.ts";
import { rejectInvalid } from "./problem.ts";
import { chargeImages } from "./rate_limit.ts";
import { refusals } from "./refusals.ts";
import { binary, bodyOf, describeBodies } from "./request_schemas.ts";
import { json } from "./schemas.ts";

const EmbeddingList = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: z.int(),
    embedding: z.union([z.array(z.number()), z.string()]),
  })),
  ...ImageErrors,
}).openapi("EmbeddingList");

const embed = createRoute({
  method: "post",
  path: "/v1/embeddings",
  operationId: "createEmbeddings",
  tags: ["models"],
  summary: "Embed images, in OpenAI's shape; where the body is an image, its options are in the query",
  ...imageForms(
    TextOptions,
    bodyOf("EmbeddingRequest", {
      "one image": { model: "photos", input: PIXEL },
      "some, as base64": { model: "photos", input: [PIXEL, { image: PIXEL }], encoding_format: "base64" },
    }),
  ),
  responses: {
    200: {
      ...json(EmbeddingList, "One embedding an image, in order"),
      headers: SERVER_TIMING,
      content: { ...json(EmbeddingList, "").content, "application/x-npy": binary },
    },
    ...refusals(400, 404, 409, 413, 415, 422, 503, 504),
  },
});

/** Embedding of images. */
export function embeddingRoutes(
  { store, checkpoints, decoder, embedder, limits, serving, turns }: ApiDeps,
): OpenAPIHono {
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
    const { rows, ...rest } = await answerImages(c, request, checkpoint, {
      ...{ decoder, embedder, limits, serving, turns },
    });
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
    return c.json({ object: "list" as const, model: request.model, data, ...rest }, 200);
  });
  return app;
}

/** Little-endian f32, as every platform that this runs on keeps them. */
const toBase64 = (row: Float32Array) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength).toBase64();
