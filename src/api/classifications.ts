import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { z } from "zod";
import { notAClassifier } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import type { ApiDeps } from "./deps.ts";
import { flag, ImageInput, imageOptions, readImageRequest } from "./embedding_input.ts";
import { answerImages, ImageErrors, imageForms, PIXEL, SERVER_TIMING } from "./image_answers.ts";
import { findModel } from "./models.ts";
import { rejectInvalid } from "./problem.ts";
import { chargeImages } from "./rate_limit.ts";
import { refusals } from "./refusals.ts";
import { bodyOf, describeBodies } from "./request_schemas.ts";
import { json } from "./schemas.ts";
import { topLabels } from "./top_labels.ts";

/** Labels of one answer: as JSON they are written at once, while nobody else is answered. */
const MAX_SCORES = 65_536;
/** Images whose labels are ranked before others get a turn on this thread. */
const TURN = 64;
const TOP_K =
  `Labels of each image, the likeliest first; all if there are fewer. Times images at most ${MAX_SCORES}`;

/** The JSON body of `POST /v1/classifications`. */
const ClassificationBody = z.strictObject({
  ...imageOptions,
  input: ImageInput,
  top_k: z.int().min(1).max(1000).default(5).describe(TOP_K),
});
/** The same options where the body is images. */
const ClassificationOptions = z.strictObject({
  model: imageOptions.model,
  top_k: z.coerce.number().int().min(1).max(1000).default(5).describe(TOP_K),
  partial: flag.describe(imageOptions.partial.description!),
});
const ClassificationList = z.object({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(z.object({
    index: z.int(),
    labels: z.array(z.object({ label: z.string(), score: z.number() })),
  })),
  ...ImageErrors,
}).openapi("ClassificationList");

const classify = createRoute({
  method: "post",
  path: "/v1/classifications",
  operationId: "createClassifications",
  tags: ["models"],
  summary: "Classify images by a checkpoint with a head; they come as they do for embeddings",
  ...imageForms(
    ClassificationOptions,
    bodyOf("ClassificationRequest", { "one image": { model: "animals", input: PIXEL, top_k: 3 } }),
  ),
  responses: {
    200: {
      ...json(ClassificationList, "The likeliest labels of each image, in order; scores are a softmax"),
      headers: SERVER_TIMING,
    },
    ...refusals(400, 404, 409, 413, 415, 422, 503, 504),
  },
});

/** Classification of images. */
export function classificationRoutes(deps: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid }), { store, checkpoints, limits } = deps;
  describeBodies(app, { ClassificationRequest: ClassificationBody });
  app.openapi(classify, async (c) => {
    const request = await readImageRequest(
      c,
      limits.embeddingsBytes,
      ClassificationBody,
      ClassificationOptions,
    );
    const { model, top_k, images } = request;
    chargeImages(c, images.length);
    const checkpoint = findModel(store, model);
    if (!checkpoint.files.some(({ name }) => name === "labels.json")) throw notAClassifier(model);
    const names = await checkpoints.labels(checkpoint.id), k = Math.min(top_k, names.length);
    limitScores(images.length, k);
    const embedder = {
      unready: () => deps.embedder.unready(),
      embed: deps.embedder.classify.bind(deps.embedder),
    };
    const { rows, ...rest } = await answerImages(c, request, checkpoint.id, { ...deps, embedder });
    const data = [];
    for (const [index, row] of rows.entries()) {
      if (index % TURN === TURN - 1) await new Promise((resolve) => setTimeout(resolve));
      if (!row) continue;
      const labels = topLabels(row, k).map((n) => ({ label: names[n], score: row[n] }));
      data.push({ index, labels });
    }
    return c.json({ object: "list" as const, model, data, ...rest }, 200);
  });
  return app;
}

function limitScores(images: number, k: number): void {
  if (images * k <= MAX_SCORES) return;
  const detail = `must be at most ${Math.floor(MAX_SCORES / images)} for ${images} images, got ${k}`;
  throw new DomainError("malformed", `Cannot classify: top_k ${detail}`, {
    errors: [{ pointer: "#/top_k", detail }],
  });
}
