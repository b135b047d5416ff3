import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ATLAS_COLUMNS, ATLAS_IMAGES, MAX_THUMBNAIL, MIN_THUMBNAIL } from "../domain/atlas.ts";
import { DomainError } from "../domain/errors.ts";
import { findDataset, findReadyDataset } from "./datasets.ts";
import type { ApiDeps } from "./deps.ts";
import { isMatch } from "./file_answer.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
import { IdPath, ItemPath, json } from "./schemas.ts";

const WEBP = "image/webp";
const CACHED = { ETag: z.string().openapi({ description: "Another one where the dataset is another" }) };
const headers = z.object({
  "if-none-match": z.string().optional().openapi({ description: "With the ETag the answer is 304" }),
});
const fingerprint = z.string().optional().openapi({
  description:
    "The dataset's, as it is: then the answer may be kept for ever. Another one is refused (409, `dataset_changed`)",
});
const px = z.coerce.number().int().min(MIN_THUMBNAIL).max(MAX_THUMBNAIL).default(32).openapi({
  description: "A thumbnail's width and height",
});

const column = (dtypes: [string, ...string[]], description: string) =>
  z.object({ dtype: z.enum(dtypes), data: z.string() }).openapi({ description });
const ColumnsSchema = z.object({
  object: z.literal("columns"),
  dataset: z.string(),
  fingerprint: z.string(),
  items: z.int(),
  splits: z.array(z.string()),
  classes: z.array(z.string()),
  split: column(["uint8"], "Each item's split, by its place in `splits`: base64, little-endian"),
  class: column(["int16", "int32"], "Each item's class, by its place in `classes`, −1 for none: likewise"),
}).openapi("DatasetColumns");
const LayoutSchema = z.object({
  object: z.literal("atlases"),
  dataset: z.string(),
  fingerprint: z.string(),
  items: z.int(),
  px: z.int(),
  columns: z.int().openapi({ description: "Thumbnails in a row" }),
  per_atlas: z.int().openapi({ description: "Thumbnails of each: the last one has as much room, black" }),
  count: z.int(),
  media_type: z.literal(WEBP),
}).openapi("AtlasLayout");

const columns = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/columns",
  operationId: "getDatasetColumns",
  tags: ["datasets"],
  summary: "Splits and classes of all of a dataset's images, by their numbers",
  request: { params: IdPath, query: z.object({ fingerprint }), headers },
  responses: {
    200: { ...json(ColumnsSchema, "The columns"), headers: z.object(CACHED) },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(404, 409),
  },
});
const layout = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/atlases",
  operationId: "getAtlasLayout",
  tags: ["datasets"],
  summary: "How a dataset's thumbnails lie in its atlases",
  description:
    "Item i is in atlas ⌊i / per_atlas⌋, and there, with j = i mod per_atlas, in row ⌊j / columns⌋ and " +
    "column j mod columns, each px by px",
  request: { params: IdPath, query: z.object({ px }) },
  responses: { 200: json(LayoutSchema, "The layout"), ...refusals(404, 409, 422) },
});
const atlas = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/atlases/{n}",
  operationId: "getAtlas",
  tags: ["datasets"],
  summary: "Thumbnails of a dataset's images in one: of each its middle square",
  request: { params: ItemPath, query: z.object({ px, fingerprint }), headers },
  responses: {
    200: { description: "The atlas", headers: z.object(CACHED), content: { [WEBP]: binary } },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(404, 409, 422),
  },
});

/** A whole dataset at a glance. */
export function atlasRoutes({ store, overview }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  const versionOf = (id: string, wanted?: string) => {
    const { fingerprint } = findReadyDataset(store, id, "look through");
    if (wanted !== undefined && wanted !== fingerprint) {
      throw new DomainError(
        "conflict",
        `Cannot look through ${id}: it has changed, its fingerprint is ${fingerprint}`,
        {
          type: "dataset_changed",
        },
      );
    }
    return { dataset: id, fingerprint, items: findDataset(store, id).counts.images };
  };
  app.openapi(columns, async (c) => {
    const { fingerprint: wanted } = c.req.valid("query");
    const { items, ...version } = versionOf(c.req.valid("param").id, wanted);
    const etag = `"${version.fingerprint.slice(-32)}-columns"`;
    if (cached(c, etag, wanted)) return c.body(null, 304) as never;
    const { split, class: label, splits, classes } = await overview.columns(version, c.req.raw.signal);
    const dtype = label instanceof Int16Array ? "int16" : "int32";
    return c.json({
      ...{ object: "columns" as const, ...version, items, splits: [...splits], classes: [...classes] },
      split: { dtype: "uint8", data: split.toBase64() },
      class: { dtype, data: new Uint8Array(label.buffer).toBase64() },
    }, 200);
  });
  app.openapi(layout, (c) => {
    const { items, ...version } = versionOf(c.req.valid("param").id), { px } = c.req.valid("query");
    return c.json({
      ...{ object: "atlases" as const, ...version, items, px, columns: ATLAS_COLUMNS },
      ...{ per_atlas: ATLAS_IMAGES, count: Math.ceil(items / ATLAS_IMAGES), media_type: WEBP } as const,
    }, 200);
  });
  app.openapi(atlas, async (c) => {
    const { id, n } = c.req.valid("param"), { px, fingerprint: wanted } = c.req.valid("query");
    const { items, ...version } = versionOf(id, wanted), count = Math.ceil(items / ATLAS_IMAGES);
    if (n >= count) throw new DomainError("not_found", `Cannot find atlas ${n} of ${id}: it has ${count}`);
    const etag = `"${version.fingerprint.slice(-32)}-${px}-${n}"`;
    if (cached(c, etag, wanted)) return c.body(null, 304) as never;
    return c.body(await overview.atlas(version, n, px, c.req.raw.signal), 200, { "Content-Type": WEBP });
  });
  return app;
}

/** Says what may be kept of the answer. @returns Whether the client has it. */
function cached(c: Context, etag: string, fingerprint: string | undefined): boolean {
  c.header("ETag", etag);
  c.header("Cache-Control", `private, ${fingerprint ? "max-age=31536000, immutable" : "no-cache"}`);
  return isMatch(c.req.header("If-None-Match"), etag);
}
