import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError, type FieldError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { Embedder, ImageDecoder } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import {
  EmbeddingBody,
  type EmbeddingRequest,
  IMAGE_TYPES,
  readEmbeddingRequest,
} from "./embedding_input.ts";
import { notReady } from "./health.ts";
import { findModel } from "./models.ts";
import { encodeNpy } from "./npy.ts";
import { rejectInvalid, summary } from "./problem.ts";
import { json, problems } from "./schemas.ts";

/** Decoded pixels are far bigger than what was sent, so only so many images are held decoded at a time. */
const CHUNK_IMAGES = 64, CHUNK_BYTES = 64 * 2 ** 20;
/** Enough to keep the decoder's threads busy. */
const DECODE_TOGETHER = 4;

const EmbeddingList = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    object: z.literal("embedding"),
    index: z.int(),
    embedding: z.union([z.array(z.number()), z.string()]),
  })),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int(), images: z.int() }),
}).openapi("EmbeddingList");

const { $schema: _, ...bodySchema } = z.toJSONSchema(EmbeddingBody, { io: "input" });
const binary = { schema: { type: "string", format: "binary" } as const };
const embed = createRoute({
  method: "post",
  path: "/v1/embeddings",
  summary: "Embed images, in OpenAI's shape; where the body is an image, its options are in the query",
  request: {
    body: {
      required: true,
      content: {
        "application/json": { schema: bodySchema as object },
        ...Object.fromEntries(IMAGE_TYPES.map((type) => [type, binary])),
        "multipart/form-data": { schema: { type: "object" } as const },
      },
    },
  },
  responses: {
    200: {
      ...json(EmbeddingList, "One embedding an image, in order"),
      content: { ...json(EmbeddingList, "").content, "application/x-npy": binary },
    },
    ...problems,
  },
});

/** Embedding of images. */
export function embeddingRoutes({ store, checkpoints, decoder, embedder, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(embed, async (c) => {
    const request = await readEmbeddingRequest(c, limits.embeddingsBytes);
    const { id: checkpoint } = findModel(store, request.model);
    const { dim } = await checkpoints.model(checkpoint);
    if (request.dimensions !== undefined && request.dimensions !== dim) {
      throw new DomainError(
        "malformed",
        `Cannot shorten embeddings: ${request.model} has ${dim} dimensions, got ${request.dimensions}`,
        { errors: [{ detail: `must be ${dim} or left out`, pointer: "#/dimensions" }] },
      );
    }
    if (request.errors.length === 0 && !embedder.ready()) throw notReady();
    const rows = await embedAll(request, checkpoint, decoder, embedder);
    if (request.normalize) rows.forEach(normalize);
    if (c.req.header("Accept")?.includes("application/x-npy")) {
      return c.body(encodeNpy(rows, dim), 200, { "Content-Type": "application/x-npy" });
    }
    const data = rows.map((row, index) => ({
      object: "embedding" as const,
      index,
      embedding: request.encoding_format === "base64" ? toBase64(row) : Array.from(row),
    }));
    const usage = { prompt_tokens: 0, total_tokens: 0, images: rows.length };
    return c.json({ object: "list" as const, model: request.model, data, usage }, 200);
  });
  return app;
}

/** Decodes and embeds, a chunk at a time. After a bad image it goes on decoding, only to name all bad ones. */
async function embedAll(
  request: EmbeddingRequest,
  checkpoint: string,
  decoder: ImageDecoder,
  embedder: Embedder,
): Promise<Float32Array[]> {
  const bad = new Map(request.errors.map((error) => [error.pointer, error]));
  const codes = new Set(request.errors.map(() => "malformed" as DomainError["code"]));
  const rows: Float32Array[] = [];
  let chunk: RgbImage[] = [], bytes = 0;
  async function flush(): Promise<void> {
    if (bad.size === 0 && chunk.length > 0) rows.push(...await embedder.embed(checkpoint, chunk));
    [chunk, bytes] = [[], 0];
  }
  for (let at = 0; at < request.images.length; at += DECODE_TOGETHER) {
    const decoded = await Promise.all(
      request.images.slice(at, at + DECODE_TOGETHER).map(async (encoded, i) => {
        const pointer = `#/input/${at + i}`;
        if (bad.has(pointer)) return undefined;
        try {
          return await decoder.decode(encoded);
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          bad.set(pointer, { detail: error.message, pointer });
          // That the request is of an accepted type was settled before: here it is an image that is none.
          codes.add(error.code === "unsupported_media_type" ? "malformed" : error.code);
        }
      }),
    );
    for (const image of decoded) {
      if (!image) continue;
      chunk.push(image);
      bytes += image.pixels.length;
    }
    if (chunk.length >= CHUNK_IMAGES || bytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  if (bad.size > 0) {
    const errors = [...bad.values()].sort((a, b) => indexOf(a) - indexOf(b));
    const code = codes.size === 1 ? [...codes][0] : "malformed";
    throw new DomainError(code, `Cannot embed: ${summary(errors)}`, {
      ...{ type: code === "too_large" ? "image_too_large" : "bad_image", errors },
    });
  }
  return rows;
}

const indexOf = ({ pointer }: FieldError) => Number(pointer!.slice("#/input/".length));

/** Scales a row to unit Euclidean length, in place; a row of zeros stays one. */
function normalize(row: Float32Array): void {
  const length = Math.hypot(...row);
  if (length > 0) row.forEach((value, i) => row[i] = value / length);
}

/** Little-endian f32, as every platform that this runs on keeps them. */
const toBase64 = (row: Float32Array) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength).toBase64();
