import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Dataset, DATASET_FORMATS, DEFAULT_SETTINGS } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { mediaType, unsupported } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid } from "./problem.ts";
import { DatasetSchema, IdPath, json, listOf, PageQuery, problems } from "./schemas.ts";

const ARCHIVES = [
  "application/x-tar",
  "application/gzip",
  "application/zip",
  "application/vnd.apache.parquet",
] as const;
const archive = { schema: { type: "string", format: "binary" } as const };

const create = createRoute({
  method: "post",
  path: "/v1/datasets",
  summary: "Upload an archive of images; ingest goes on in the background",
  request: {
    query: z.object({
      name: z.string().trim().min(1).max(200),
      short_side: z.coerce.number().int().min(32).max(2048).default(DEFAULT_SETTINGS.short_side).openapi({
        description: "Images whose shorter side is longer are shrunk to this; others are kept as they are",
      }),
      max_rejected: z.coerce.number().min(0).max(1).default(DEFAULT_SETTINGS.max_rejected).openapi({
        description: "The share of files that may be no images; with more the dataset fails",
      }),
      format: z.enum(DATASET_FORMATS).optional().openapi({
        description: "What the upload is to be read as; told by its bytes where it is not given",
      }),
    }),
    body: { required: true, content: Object.fromEntries(ARCHIVES.map((type) => [type, archive])) },
  },
  responses: { 201: json(DatasetSchema, "Kept, and being ingested; Location names it"), ...problems },
});
const list = createRoute({
  method: "get",
  path: "/v1/datasets",
  summary: "List datasets, newest first",
  request: { query: PageQuery },
  responses: { 200: json(listOf(DatasetSchema), "Datasets"), ...problems },
});
const get = createRoute({
  method: "get",
  path: "/v1/datasets/{id}",
  summary: "One dataset",
  request: { params: IdPath },
  responses: { 200: json(DatasetSchema, "The dataset"), ...problems },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/datasets/{id}",
  summary: "Delete a dataset that no unfinished job uses; an ingest under way is given up",
  request: { params: IdPath },
  responses: { 204: { description: "Deleted" }, ...problems },
});

/** Finds a dataset, or throws `not_found`. */
export function findDataset(store: Store, id: string): Dataset {
  const dataset = store.getDataset(checkId("ds", id));
  if (!dataset) throw new DomainError("not_found", `Cannot find dataset ${id}: there is none`);
  return dataset;
}

/** Uploading, listing and deleting datasets. */
export function datasetRoutes({ store, intake }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  const withProgress = (dataset: Dataset): Dataset => {
    const progress = intake.progress(dataset.id);
    return progress ? { ...dataset, progress } : dataset;
  };
  app.openapi(create, async (c) => {
    const type = mediaType(c);
    if (!ARCHIVES.some((accepted) => accepted === type)) throw unsupported(type, ARCHIVES);
    const body = c.req.raw.body;
    if (!body) throw new DomainError("malformed", "Cannot read the archive: the body is empty");
    // Counted where it is kept: nothing here may buffer an upload.
    const { name, ...settings } = c.req.valid("query");
    const dataset = await intake.accept(name, body, settings);
    return c.json(dataset, 201, { Location: `/v1/datasets/${dataset.id}` });
  });
  app.openapi(list, (c) => {
    const { data, has_more } = store.listDatasets(c.req.valid("query"));
    return c.json({ object: "list" as const, data: data.map(withProgress), has_more }, 200);
  });
  app.openapi(get, (c) => c.json(withProgress(findDataset(store, c.req.valid("param").id)), 200));
  app.openapi(remove, async (c) => {
    await intake.remove(checkId("ds", c.req.valid("param").id));
    return c.body(null, 204);
  });
  return app;
}
