import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError, type ErrorCode } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { Embedder, ImageDecoder } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import {
  EmbeddingBody,
  type EmbeddingRequest,
  IMAGE_TYPES,
  readEmbeddingRequest,
  TextOptions,
} from "./embedding_input.ts";
import { notReady } from "./health.ts";
import { findModel } from "./models.ts";
import { encodeNpy } from "./npy.ts";
import { rejectInvalid, summary } from "./problem.ts";
import { chargeImages } from "./rate_limit.ts";
import { refusals } from "./refusals.ts";
import { binary, bodyOf, describeBodies } from "./request_schemas.ts";
import { json } from "./schemas.ts";

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
      content: { ...json(EmbeddingList, "").content, "application/x-npy": binary },
    },
    ...refusals(400, 404, 409, 413, 415, 422, 503),
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
    const { dim } = await checkpoints.model(checkpoint);
    if (request.dimensions !== undefined && request.dimensions !== dim) {
      throw new DomainError(
        "malformed",
        `Cannot shorten embeddings: ${request.model} has ${dim} dimensions, got ${request.dimensions}`,
        { errors: [{ detail: `must be ${dim} or left out`, pointer: "#/dimensions" }] },
      );
    }
    const reasons = embedder.unready();
    if (request.images.some(({ bytes }) => bytes) && reasons.length > 0) throw notReady(reasons);
    const { rows, bad } = await embedAll(request, checkpoint, decoder, embedder, c.req.raw.signal);
    if (bad.length > 0 && !(request.partial && bad.length < rows.length)) throw refusal(bad);
    if (request.normalize) rows.forEach((row) => row && normalize(row));
    if (c.req.header("Accept")?.includes("application/x-npy")) {
      // A row stands where its image stood: without one it is no numbers.
      const all = rows.map((row) => row ?? new Float32Array(dim).fill(NaN));
      return c.body(encodeNpy(all, dim), 200, { "Content-Type": "application/x-npy" });
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

/** What became of a request's images: each has a row, or is bad. */
interface Embedded {
  rows: (Float32Array | undefined)[];
  bad: BadImage[];
}
interface BadImage {
  index: number;
  code: ErrorCode;
  type: string;
  detail: string;
}
const NO_IMAGE = {
  ...{ code: "malformed", type: "bad_image" } as const,
  detail: "must be an image, as a data URI or base64; text has no embedding here",
};

/**
 * Decodes and embeds, a chunk at a time. After a bad image it goes on decoding, only to name all bad ones, unless the request
 * takes what is good.
 */
async function embedAll(
  { images, partial }: EmbeddingRequest,
  checkpoint: string,
  decoder: ImageDecoder,
  embedder: Embedder,
  signal: AbortSignal,
): Promise<Embedded> {
  const bad: BadImage[] = [], rows: Embedded["rows"] = new Array(images.length).fill(undefined);
  let chunk: { index: number; image: RgbImage }[] = [], bytes = 0;
  async function flush(): Promise<void> {
    if (chunk.length > 0 && (partial || bad.length === 0)) {
      const made = await embedder.embed(checkpoint, chunk.map(({ image }) => image), signal);
      for (const [i, { index }] of chunk.entries()) rows[index] = made[i];
    }
    [chunk, bytes] = [[], 0];
  }
  for (let at = 0; at < images.length; at += DECODE_TOGETHER) {
    signal.throwIfAborted(); // whoever asked has gone
    const decoded = await Promise.all(
      images.slice(at, at + DECODE_TOGETHER).map(async ({ bytes: encoded, mayBeText }, i) => {
        const index = at + i;
        if (!encoded) return void bad.push({ index, ...NO_IMAGE });
        try {
          return { index, image: await decoder.decode(encoded) };
        } catch (error) {
          if (!(error instanceof DomainError)) throw error;
          const { code, message: detail, options: { type = "bad_image" } } = error;
          const isText = mayBeText && code === "unsupported_media_type";
          bad.push({ index, ...(isText ? NO_IMAGE : { code, type, detail }) });
        }
      }),
    );
    for (const one of decoded) {
      if (!one) continue;
      chunk.push(one);
      bytes += one.image.pixels.length;
    }
    if (chunk.length >= CHUNK_IMAGES || bytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  return { rows, bad: bad.sort((a, b) => a.index - b.index) };
}

const pointerTo = (index: number): string => `#/input/${index}`;
/** The bad images as one error; of what they have in common, and of which kind each is. */
function refusal(bad: BadImage[]): DomainError {
  const [{ code, type }] = bad,
    errors = bad.map(({ index, detail }) => ({ detail, pointer: pointerTo(index) }));
  return new DomainError(
    bad.every((one) => one.code === code) ? code : "malformed",
    `Cannot embed: ${summary(errors)}`,
    { type: bad.every((one) => one.type === type) ? type : "bad_image", errors },
  );
}

/** Scales a row to unit Euclidean length, in place; a row of zeros stays one. */
function normalize(row: Float32Array): void {
  const length = Math.hypot(...row);
  if (length > 0) row.forEach((value, i) => row[i] = value / length);
}

/** Little-endian f32, as every platform that this runs on keeps them. */
const toBase64 = (row: Float32Array) => new Uint8Array(row.buffer, row.byteOffset, row.byteLength).toBase64();
