import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { type KeptProjection, MAX_COMPONENTS, type ProjectionProgress } from "../domain/projection.ts";
import { npyHeader } from "../domain/npy.ts";
import { findReadyDataset } from "./datasets.ts";
import type { ApiDeps } from "./deps.ts";
import { isMatch } from "./file_answer.ts";
import { notReady } from "./health.ts";
import { findModel } from "./models.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
import { IdPath, json } from "./schemas.ts";

/** As many numbers JSON has; more of them are had as an array. */
const MOST_IN_JSON = 20_000;
/** When to ask again for one that is being made: it is waited for, too. */
const RETRY_S = 1;
const NPY = "application/x-npy";

const base = {
  ...{ object: z.literal("projection"), model: z.string(), checkpoint: z.string(), dataset: z.string() },
};
const ProjectionSchema = z.object({
  ...base,
  status: z.literal("ready"),
  fingerprint: z.string().openapi({ description: "The dataset's, when it was made" }),
  items: z.int().openapi({ description: "Rows, in the order of the dataset's items" }),
  dim: z.int().openapi({ description: "Of the embeddings" }),
  components: z.int(),
  explained_variance: z.array(z.number()).openapi({ description: "Of each component" }),
  explained_variance_ratio: z.array(z.number()).openapi({ description: "Its share of all variance" }),
  mean: z.array(z.number()).openapi({ description: "Of the embeddings: where the projection is 0" }),
  data: z.array(z.array(z.number())).nullable().openapi({
    description: `A row an item; null where that is more than ${MOST_IN_JSON} numbers: ask for ${NPY}`,
  }),
}).openapi("Projection");
const ProjectionInTheMaking = z.object({
  ...base,
  status: z.literal("computing"),
  stage: z.enum(["waiting", "embedding", "projecting"]),
  done: z.int().openapi({ description: "Images, of this stage" }),
  total: z.int(),
  eta_s: z.number().nullable(),
}).openapi("ProjectionInTheMaking");

const CACHED = { ETag: z.string().openapi({ description: "Another one where the values are others" }) };
const get = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/projection",
  operationId: "getProjection",
  tags: ["datasets"],
  summary: "A dataset's embeddings by a model in few dimensions: their first principal components",
  description:
    "The embeddings less their mean, along the axes of most variance; of each axis the entry that is largest by " +
    "magnitude is positive. It is made when it is first asked for, with the embeddings, if need be (those of " +
    "neighbours): meanwhile the answer is 202, with how far it is. Ask again as `Retry-After` has it: what nobody asks for " +
    "any more is given up. It is kept as long as the checkpoint and the dataset stay as they are.",
  request: {
    params: IdPath,
    query: z.object({
      model: z.string().min(1).max(100).openapi({ description: "An alias, or a checkpoint's id" }),
      components: z.coerce.number().int().min(1).max(MAX_COMPONENTS).default(2).openapi({
        description: "How many; at most as many as the embeddings have dimensions",
      }),
    }),
    headers: z.object({
      "if-none-match": z.string().optional().openapi({ description: "With the ETag the answer is 304" }),
    }),
  },
  responses: {
    200: {
      description: `The projection; with \`Accept: ${NPY}\` its values alone, f32 [items, components]`,
      headers: z.object(CACHED),
      content: { "application/json": { schema: ProjectionSchema }, [NPY]: binary },
    },
    202: {
      ...json(ProjectionInTheMaking, "It is being made"),
      headers: z.object({ "Retry-After": z.string().openapi({ description: "Seconds" }) }),
    },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(404, 409, 422, 503, 507),
  },
});

/** A dataset as a map. */
export function projectionRoutes(
  { store, checkpoints, embedder, projector, projections }: ApiDeps,
): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(get, async (c) => {
    const { model, components } = c.req.valid("query");
    const { id: dataset, fingerprint } = findReadyDataset(store, c.req.valid("param").id, "project");
    const { id: checkpoint } = findModel(store, model), key = { checkpoint, dataset, fingerprint };
    const { dim } = await checkpoints.model(checkpoint); // a damaged one is told now
    if (components > dim) throw tooMany(components, dim);
    const told = { object: "projection" as const, model, checkpoint, dataset };
    let kept = await projections.open(key);
    if (!kept) {
      const reasons = embedder.unready();
      if (reasons.length > 0) throw notReady(reasons);
      const progress = await projector.make(key, c.req.raw.signal);
      kept = progress ? undefined : await projections.open(key);
      if (!kept) {
        c.header("Cache-Control", "no-store");
        return c.json({ ...told, status: "computing" as const, ...(progress ?? AT_ONCE) }, 202, {
          "Retry-After": `${RETRY_S}`,
        });
      }
    }
    const asArray = c.req.header("Accept")?.includes(NPY) ?? false;
    const etag = `"${kept.sha256.slice(0, 32)}-${components}${asArray ? "-npy" : ""}"`;
    c.header("ETag", etag);
    c.header("Vary", "Accept", { append: true });
    c.header("Cache-Control", "private, no-cache"); // kept, and asked about: an alias and a dataset may change
    if (isMatch(c.req.header("If-None-Match"), etag)) return c.body(null, 304) as never;
    if (asArray) {
      const head = npyHeader(kept.rows, components), length = head.length + 4 * kept.rows * components;
      return c.body(withHead(head, kept.values(components)), 200, {
        ...{ "Content-Type": NPY, "Content-Length": `${length}` },
      }) as never;
    }
    return c.json({
      ...{ ...told, status: "ready" as const, fingerprint, items: kept.rows, dim: kept.dim, components },
      explained_variance: kept.explained_variance.slice(0, components),
      explained_variance_ratio: kept.explained_variance_ratio.slice(0, components),
      ...{ mean: kept.mean, data: await rowsOf(kept, components) },
    }, 200);
  });
  return app;
}

/** It was made and has gone again, its dataset having changed, say. */
const AT_ONCE: ProjectionProgress = { stage: "waiting", done: 0, total: 0, eta_s: null };

const tooMany = (components: number, dim: number): DomainError =>
  new DomainError("invalid", `Cannot project: components must be at most ${dim}, got ${components}`, {
    errors: [{ detail: `must be at most ${dim}, as the embeddings have it`, pointer: "#/components" }],
  });

async function rowsOf(kept: KeptProjection, components: number): Promise<number[][] | null> {
  if (kept.rows * components > MOST_IN_JSON) return null;
  const all = new Float32Array(await new Response(kept.values(components)).arrayBuffer());
  return Array.from(
    { length: kept.rows },
    (_, r) => [...all.subarray(r * components, (r + 1) * components)],
  );
}

/** A head, then what follows, which is let go of with it. */
function withHead(
  head: Uint8Array<ArrayBuffer>,
  rest: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(head),
  });
  rest.pipeTo(writable).catch(() => {}); // whoever asked has gone
  return readable;
}
