import type { Context } from "hono";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Dataset, DATASET_FORMATS, DEFAULT_SETTINGS } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { checkId } from "../domain/ids.ts";
import type { Store, Upload } from "../domain/ports.ts";
import { mediaType, readJson, unsupported } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid, summary } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary, bodyOf, describeBodies } from "./request_schemas.ts";
import { created, DatasetSchema, IdPath, json, listOf, PageQuery } from "./schemas.ts";

const ARCHIVES = [
  "application/x-tar",
  "application/gzip",
  "application/zip",
  "application/vnd.apache.parquet",
];
const FORM = "multipart/form-data";

const NAME = z.string().trim().min(1).max(200);
/** Bounds that are the same where a number comes as text, in a query. */
const numbers = (number: () => z.ZodNumber | z.coerce.ZodCoercedNumber) => ({
  short_side: number().int().min(32).max(2048).default(DEFAULT_SETTINGS.short_side).describe(
    "Images whose shorter side is longer are shrunk to this; others are kept as they are",
  ),
  max_rejected: number().min(0).max(1).default(DEFAULT_SETTINGS.max_rejected).describe(
    "The share of files that may be no images; with more the dataset fails",
  ),
});
const ORIGINALS = "Whether the images' files are kept as they came, beside their pixels";
const SETTINGS = {
  ...numbers(z.number),
  originals: z.boolean().optional().describe(ORIGINALS),
  format: z.enum(DATASET_FORMATS).optional().describe(
    "What the upload is to be read as; told by its bytes where it is not given",
  ),
};
/** An import: what streams tell in the query stands in the body here. */
const Import = z.strictObject({
  name: NAME,
  source: z.union([
    z.strictObject({
      path: z.string().min(1).max(4096).describe(
        "An archive or a folder on the server's disk, under one of its IMPORT_ROOTS; read where it lies",
      ),
    }),
    z.strictObject({
      upload: z.string().max(100).describe("A finished resumable upload's id; it is used up"),
    }),
    z.strictObject({
      url: z.string().min(1).max(4096).describe(
        "An archive at an https URL, of a host in IMPORT_URLS; the answer comes when it is here",
      ),
    }),
  ], { error: "must be {path}, {upload} or {url}" }),
  ...SETTINGS,
});

/** Told, and not checked by whoever routes: that would read a body whole. */
const bodies = {
  ...Object.fromEntries(ARCHIVES.map((type) => [type, binary])),
  [FORM]: {
    schema: {
      type: "object" as const,
      additionalProperties: { type: "string" as const, format: "binary" },
      description: "Each part with a filename is a file, and the filename its path",
    },
  },
};
const imported = bodyOf("DatasetImport", {
  "a folder on the server's disk": { name: "photos", source: { "path": "/srv/photos" }, short_side: 256 },
  "a finished upload": { name: "photos", source: { upload: "up_01M88C9NZ84RN64FWBFXK166V1" } },
  "an archive by URL": { name: "photos", source: { url: "https://example.org/photos.tar" } },
});
const create = createRoute({
  method: "post",
  path: "/v1/datasets",
  operationId: "createDataset",
  tags: ["datasets"],
  summary:
    "Upload images, as an archive or as a form's files, or import them; ingest goes on in the background",
  request: {
    query: z.object({
      name: NAME.optional().openapi({ description: "Needed with an upload" }),
      ...numbers(z.coerce.number),
      originals: z.enum(["true", "false"]).transform((value) => value === "true").optional().openapi({
        description: ORIGINALS,
      }),
      format: SETTINGS.format,
    }),
    body: { required: true, content: { ...bodies, ...imported } },
  },
  responses: {
    201: created(DatasetSchema, "Kept, and being ingested"),
    ...refusals(400, 403, 404, 409, 413, 415, 422, 503, 507),
  },
});
const addPart = createRoute({
  method: "post",
  path: "/v1/datasets/{id}/parts",
  operationId: "addDatasetPart",
  tags: ["datasets"],
  summary:
    "Add another archive's images, such as the next shard; the dataset is ingesting again until they are in",
  request: { params: IdPath, body: { required: true, content: bodies } },
  responses: {
    202: json(DatasetSchema, "Kept, and being ingested"),
    ...refusals(400, 404, 409, 413, 415, 507),
  },
});
const list = createRoute({
  method: "get",
  path: "/v1/datasets",
  operationId: "listDatasets",
  tags: ["datasets"],
  summary: "List datasets, newest first",
  request: { query: PageQuery },
  responses: { 200: json(listOf(DatasetSchema), "Datasets"), ...refusals(422) },
});
const get = createRoute({
  method: "get",
  path: "/v1/datasets/{id}",
  operationId: "getDataset",
  tags: ["datasets"],
  summary: "One dataset",
  request: { params: IdPath },
  responses: { 200: json(DatasetSchema, "The dataset"), ...refusals(404) },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/datasets/{id}",
  operationId: "deleteDataset",
  tags: ["datasets"],
  summary: "Delete a dataset that no unfinished job uses; an ingest under way is given up",
  request: { params: IdPath },
  responses: { 204: { description: "Deleted" }, ...refusals(404, 409, 507) },
});

/** Finds a dataset, or throws `not_found`. */
export function findDataset(store: Store, id: string): Dataset {
  const dataset = store.getDataset(checkId("ds", id));
  if (!dataset) throw new DomainError("not_found", `Cannot find dataset ${id}: there is none`);
  return dataset;
}

/**
 * Finds a dataset whose images are there.
 *
 * @param doing What is wanted of it, after "Cannot". @throws {DomainError} `not_found`; `conflict` while it is not ready.
 */
export function findReadyDataset(
  store: Store,
  id: string,
  doing: string,
): { id: string; fingerprint: string } {
  const { status, fingerprint } = findDataset(store, id);
  if (status === "ready" && fingerprint !== null) return { id, fingerprint };
  throw new DomainError("conflict", `Cannot ${doing} ${id}: its status must be ready, got ${status}`);
}

/**
 * The request's body as an upload. It is counted where it is kept: nothing here may buffer it.
 *
 * @throws {DomainError} `unsupported_media_type`, or `malformed` if there is none.
 */
function uploadOf(c: Context, accepted: readonly string[]): Upload {
  const type = mediaType(c), { body } = c.req.raw;
  if (!accepted.includes(type)) throw unsupported(type, accepted);
  if (!body) throw new DomainError("malformed", "Cannot read the upload: the body is empty");
  if (type !== FORM) return { body };
  // RFC 2046, section 5.1.1
  const boundary = /;\s*boundary=(?:"([^"]{1,70})"|([^\s";]{1,70}))/i.exec(c.req.header("Content-Type")!);
  if (!boundary) throw new DomainError("malformed", "Cannot read the form: its Content-Type has no boundary");
  return { body, boundary: boundary[1] ?? boundary[2] };
}

/** Uploading, listing and deleting datasets. */
export function datasetRoutes({ store, intake, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  describeBodies(app, { DatasetImport: Import });
  const withProgress = (dataset: Dataset): Dataset => {
    const progress = intake.progress(dataset.id);
    return progress ? { ...dataset, progress } : dataset;
  };
  app.openapi(create, async (c) => {
    const { name, ...settings } = c.req.valid("query");
    let dataset: Dataset;
    if (mediaType(c) === "application/json") {
      const { data, error } = Import.safeParse(await readJson(c, limits.jsonBytes));
      if (error) {
        const errors = fieldErrors(error);
        throw new DomainError("invalid", `Cannot import the dataset: ${summary(errors)}`, { errors });
      }
      const { name, source, ...settings } = data;
      dataset = await intake.accept(name, source, settings);
    } else {
      const upload = uploadOf(c, [...ARCHIVES, FORM, "application/json"]);
      const errors = [{ detail: "Required: what the dataset is to be called", pointer: "#/query/name" }];
      if (!name) throw new DomainError("invalid", "Cannot take the dataset: it needs a name", { errors });
      dataset = await intake.accept(name, upload, settings);
    }
    return c.json(dataset, 201, { Location: `/v1/datasets/${dataset.id}` });
  });
  app.openapi(addPart, async (c) => {
    const id = checkId("ds", c.req.valid("param").id);
    return c.json(await intake.add(id, uploadOf(c, [...ARCHIVES, FORM])), 202);
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
