import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Dataset } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { Neighbor } from "../domain/neighbors.ts";
import { pointerTo, refusal } from "./bad_images.ts";
import { findDataset } from "./datasets.ts";
import type { ApiDeps } from "./deps.ts";
import { embedImages } from "./embed_images.ts";
import { IMAGE_TYPES } from "./embedding_input.ts";
import { notReady } from "./health.ts";
import { findModel } from "./models.ts";
import {
  NeighborBody,
  NeighborOptions,
  type NeighborRequest,
  readNeighborRequest,
} from "./neighbor_input.ts";
import { rejectInvalid } from "./problem.ts";
import { chargeImages } from "./rate_limit.ts";
import { refusals } from "./refusals.ts";
import { binary, bodyOf, describeBodies } from "./request_schemas.ts";
import { json } from "./schemas.ts";

const NeighborSchema = z.object({
  n: z.int().openapi({ description: "Its number among the dataset's items" }),
  path: z.string(),
  split: z.string(),
  class: z.string().nullable(),
  similarity: z.number().openapi({ description: "Cosine of the two embeddings, −1 … 1" }),
  distance: z.number().openapi({ description: "1 − similarity" }),
}).openapi("Neighbor") satisfies z.ZodType<Neighbor>;

const NeighborList = z.object({
  object: z.literal("list"),
  model: z.string(),
  dataset: z.string(),
  metric: z.literal("cosine"),
  data: z.array(z.object({
    object: z.literal("neighbors"),
    index: z.int(),
    neighbors: z.array(NeighborSchema),
  })),
  usage: z.object({ prompt_tokens: z.int(), total_tokens: z.int(), images: z.int() }),
}).openapi("NeighborList");

const textOptions = z.toJSONSchema(NeighborOptions, { io: "input" }).properties as Record<
  string,
  { description?: string }
>;
const DATASET = "ds_01M88C9NZ84RN64FWBFXK166V1";
const find = createRoute({
  method: "post",
  path: "/v1/neighbors",
  operationId: "findNeighbors",
  tags: ["models"],
  summary: "The images of a dataset that are nearest to others by a model's embeddings, exactly",
  description:
    "By cosine, the nearest first and of equally near ones the lower number; an image of the dataset is no " +
    "neighbour of its own. Fewer than k where the dataset, or the split, has not as many. The dataset's embeddings " +
    "are made when they are first needed: meanwhile the answer is 503, type `index_in_the_making`, which says how far they are.",
  // Told, and not checked by whoever routes, which would read the body whole.
  parameters: Object.entries(textOptions).map(([name, { description, ...schema }]) => ({
    ...{ name, in: "query" as const, schema, description: `${description}. Where the body is no JSON` },
  })),
  request: {
    body: {
      required: true,
      content: {
        ...bodyOf("NeighborRequest", {
          "of an image of the dataset": { model: "photos", dataset: DATASET, input: { item: 0 }, k: 5 },
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
    200: json(NeighborList, "The neighbours of each input, in order"),
    ...refusals(400, 404, 409, 413, 415, 422, 503, 507),
  },
});

/** Search of a dataset by similarity. */
export function neighborRoutes(
  { store, checkpoints, decoder, embedder, neighbors, limits }: ApiDeps,
): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  describeBodies(app, { NeighborRequest: NeighborBody });
  app.openapi(find, async (c) => {
    const request = await readNeighborRequest(c, limits.embeddingsBytes), { signal } = c.req.raw;
    const { model, k, split } = request;
    chargeImages(c, request.inputs.length);
    const { id: checkpoint } = findModel(store, model), dataset = findDataset(store, request.dataset);
    const fingerprint = expectSearchable(dataset, request);
    await checkpoints.model(checkpoint); // a damaged one is told now
    const reasons = embedder.unready();
    if (reasons.length > 0) throw notReady(reasons);
    const given = request.inputs.flatMap((image, index) => "item" in image ? [] : [{ image, index }]);
    const images = given.map(({ image }) => image);
    const { rows, bad } = await embedImages(
      { images, partial: false },
      checkpoint,
      { decoder, embedder },
      signal,
    );
    if (bad.length > 0) throw refusal(bad.map((one) => ({ ...one, index: given[one.index].index })));
    const embeddings = new Map(given.map(({ index }, i) => [index, rows[i]!]));
    const found = await neighbors.find({
      ...{ checkpoint, dataset: dataset.id, fingerprint, k, split },
      queries: request.inputs.map((input, i) => "item" in input ? input : { embedding: embeddings.get(i)! }),
    }, signal);
    const data = found.map((nearest, index) => ({
      ...{ object: "neighbors" as const, index, neighbors: nearest },
    }));
    const usage = { prompt_tokens: 0, total_tokens: 0, images: images.length };
    return c.json({
      ...{ object: "list" as const, model, dataset: dataset.id, metric: "cosine" as const, data, usage },
    }, 200);
  });
  return app;
}

/** @returns The dataset's fingerprint. @throws {DomainError} `conflict` while it is not ready; `invalid` for what it lacks. */
function expectSearchable(dataset: Dataset, { split, inputs }: NeighborRequest): string {
  const { id, status, fingerprint, splits, counts } = dataset;
  if (status !== "ready" || fingerprint === null) {
    throw new DomainError("conflict", `Cannot search ${id}: its status must be ready, got ${status}`);
  }
  const errors = inputs.flatMap((input, i) =>
    "item" in input && input.item >= counts.images
      ? [{
        detail: `item must be below ${counts.images}, got ${input.item}`,
        pointer: `${pointerTo(i)}/item`,
      }]
      : []
  );
  if (split !== undefined && !Object.hasOwn(splits, split)) {
    const detail = `must be ${Object.keys(splits).join(" or ")}, got ${JSON.stringify(split)}`;
    errors.push({ detail, pointer: "#/split" });
  }
  if (errors.length === 0) return fingerprint;
  const all = errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ").slice(0, 1000);
  throw new DomainError("invalid", `Cannot search ${id}: ${all}`, { errors });
}
