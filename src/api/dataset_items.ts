import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Dataset } from "../domain/dataset.ts";
import { DomainError } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { Store } from "../domain/ports.ts";
import { findDataset } from "./datasets.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
import {
  DatasetItemSchema,
  DuplicateGroupSchema,
  IdPath,
  ItemPath,
  json,
  listOf,
  NumberedPageQuery,
  RejectedFileSchema,
} from "./schemas.ts";

/** An answer that is a picture. */
export const PNG = { "image/png": binary };

const items = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/items",
  operationId: "listDatasetItems",
  tags: ["datasets"],
  summary: "Browse a dataset's images, in order",
  request: {
    params: IdPath,
    query: NumberedPageQuery.extend({
      split: z.string().optional().openapi({ description: "Only this split's" }),
      class: z.string().optional().openapi({ description: "Only this class's" }),
      offset: z.coerce.number().int().min(0).default(0).openapi({
        description: "How many of them are passed over: for whoever goes to a place far down",
      }),
    }),
  },
  responses: {
    200: json(
      listOf(DatasetItemSchema).extend({
        total: z.int().openapi({ description: "How many there are of that split and class" }),
      }),
      "Images' entries; `after` is an entry's n",
    ),
    ...refusals(404, 409, 422),
  },
});
const image = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/items/{n}/image",
  operationId: "getDatasetImage",
  tags: ["datasets"],
  summary: "One image as PNG",
  request: {
    params: ItemPath,
    query: z.object({
      px: z.coerce.number().int().min(1).max(8192).optional().openapi({
        description: "Shrinks the image until its longer side is at most this",
      }),
    }),
  },
  responses: {
    200: {
      description: "The image",
      content: PNG,
    },
    ...refusals(404, 409, 422),
  },
});
const CACHED = { ETag: z.string().openapi({ description: "The file's SHA-256, quoted" }) };
const original = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/items/{n}/original",
  operationId: "getDatasetOriginal",
  tags: ["datasets"],
  summary: "One image's file as it came, where the dataset keeps them",
  request: {
    params: ItemPath,
    headers: z.object({
      "if-none-match": z.string().optional().openapi({ description: "With the ETag the answer is 304" }),
    }),
  },
  responses: {
    200: {
      description: "The file",
      headers: z.object(CACHED),
      content: { "image/*": binary, "application/octet-stream": binary },
    },
    304: { description: "Not modified", headers: z.object(CACHED) },
    ...refusals(404, 409, 422),
  },
});
const rejected = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/rejected",
  operationId: "listRejectedFiles",
  tags: ["datasets"],
  summary: "Files of the archive that did not become images, with the reason",
  request: { params: IdPath, query: NumberedPageQuery },
  responses: {
    200: json(
      listOf(RejectedFileSchema).extend({
        reasons: z.array(z.object({ reason: z.string(), files: z.int() })).openapi({
          description: "Of all of them, the most frequent first, twenty at most; # stands for a number",
        }),
      }),
      "Rejected files; `after` is a place in the list",
    ),
    ...refusals(404, 409, 422),
  },
});
const duplicates = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/duplicates",
  operationId: "listDuplicates",
  tags: ["datasets"],
  summary: "Images that stand in more than one split, with their labels: the first thousand contents",
  request: { params: IdPath, query: NumberedPageQuery },
  responses: {
    200: json(listOf(DuplicateGroupSchema), "Contents; `after` is a place in the list"),
    ...refusals(404, 409, 422),
  },
});

/**
 * The id of a dataset that can be looked into.
 *
 * @throws {DomainError} `not_found`; `conflict`, for its state.
 */
export function settledDataset(store: Store, id: string, accepted: Dataset["status"][] = ["ready"]): string {
  const { status } = findDataset(store, id);
  if (accepted.includes(status)) return id;
  throw new DomainError(
    "conflict",
    `Cannot look into ${id}: its status must be ${accepted.join(" or ")}, got ${status}`,
  );
}

/** Looking into a dataset. */
export function datasetItemRoutes({ store, library, encodePng }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  const settled = (...of: [id: string, accepted?: Dataset["status"][]]) => settledDataset(store, ...of);
  app.openapi(items, async (c) => {
    const { split, class: label, ...page } = c.req.valid("query");
    const { data, has_more, total } = await library.items(
      settled(c.req.valid("param").id),
      { split, class: label },
      page,
    );
    return c.json({ object: "list" as const, data, has_more, total }, 200);
  });
  app.openapi(image, async (c) => {
    const { id, n } = c.req.valid("param");
    const { px } = c.req.valid("query");
    const found = await library.image(settled(id), n);
    const png = await encodePng(px === undefined ? found : shrink(found, px));
    return c.body(new Uint8Array(png), 200, {
      "Content-Type": "image/png",
      "Cache-Control": "private, max-age=31536000, immutable",
    });
  });
  app.openapi(original, async (c) => {
    const { id, n } = c.req.valid("param"), bytes = await library.original(settled(id), n);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(), etag = `"${hash}"`;
    if (c.req.header("If-None-Match") === etag) return c.body(null, 304, { ETag: etag }) as never;
    const [mediaType, extension] = kindOf(bytes), name = `${id}-${n}.${extension}`;
    return c.body(bytes, 200, {
      ...{ "Content-Type": mediaType, "X-Content-Type-Options": "nosniff", "ETag": etag },
      // Named by us: what a file was called in its archive is for nobody's disk.
      "Content-Disposition": `attachment; filename="${name}"`,
    });
  });
  app.openapi(rejected, async (c) => {
    const id = settled(c.req.valid("param").id, ["ready", "failed"]);
    const { data, has_more, reasons } = await library.rejected(id, c.req.valid("query"));
    return c.json({ object: "list" as const, data, has_more, reasons }, 200);
  });
  app.openapi(duplicates, async (c) => {
    const { data, has_more } = await library.duplicates(
      settled(c.req.valid("param").id),
      c.req.valid("query"),
    );
    return c.json({ object: "list" as const, data, has_more }, 200);
  });
  return app;
}

/** What an image's first bytes are the mark of; it was one when it was taken in. */
const MARKS: readonly [mediaType: string, extension: string, at: number, mark: string][] = [
  ["image/png", "png", 0, "\x89PNG"],
  ["image/jpeg", "jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", "gif", 0, "GIF8"],
  ["image/tiff", "tiff", 0, "II"],
  ["image/tiff", "tiff", 0, "MM"],
  ["image/webp", "webp", 8, "WEBP"],
  ["image/bmp", "bmp", 0, "BM"],
  ["image/x-portable-bitmap", "pbm", 0, "P4"],
  ["image/x-portable-graymap", "pgm", 0, "P5"],
  ["image/x-portable-pixmap", "ppm", 0, "P6"],
];
function kindOf(bytes: Uint8Array): readonly [mediaType: string, extension: string, ...unknown[]] {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  return MARKS.find(([, , at, mark]) => start.startsWith(mark, at)) ?? ["application/octet-stream", "bin"];
}

/** The image with its longer side at most `px`, each pixel the mean of those it covers; never enlarged. */
export function shrink(image: RgbImage, px: number): RgbImage {
  const scale = px / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  const width = Math.max(1, Math.round(image.width * scale));
  const height = Math.max(1, Math.round(image.height * scale));
  const pixels = new Uint8Array(3 * width * height);
  for (let y = 0; y < height; y++) {
    const top = Math.floor(y * image.height / height), bottom = Math.floor((y + 1) * image.height / height);
    for (let x = 0; x < width; x++) {
      const left = Math.floor(x * image.width / width), right = Math.floor((x + 1) * image.width / width);
      const sum = [0, 0, 0];
      for (let v = top; v < bottom; v++) {
        for (let u = left; u < right; u++) {
          const at = 3 * (v * image.width + u);
          for (let k = 0; k < 3; k++) sum[k] += image.pixels[at + k];
        }
      }
      const area = (bottom - top) * (right - left);
      for (let k = 0; k < 3; k++) pixels[3 * (y * width + x) + k] = Math.round(sum[k] / area);
    }
  }
  return { width, height, pixels };
}
