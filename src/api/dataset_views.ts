import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { Augmentation, AUGMENTATIONS } from "../domain/augmentation.ts";
import { DomainError, type FieldError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { PNG, settledDataset } from "./dataset_items.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid, summary } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { IdPath } from "./schemas.ts";

/** Images and views up to this many pixels a side are treated as CIFAR's are, by the recipes too. */
const SMALL = 64;

const views = createRoute({
  method: "get",
  path: "/v1/datasets/{id}/views",
  operationId: "getDatasetViews",
  tags: ["datasets"],
  summary: "The two augmented views of an image side by side, as training sees it in its first epochs",
  request: {
    params: IdPath,
    query: z.object({
      item: z.coerce.number().int().min(0).openapi({ description: "The image's number, `n` of its entry" }),
      seed: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).openapi({
        description: "The run's: another one draws other views",
      }),
      preset: z.enum(AUGMENTATIONS).optional().openapi({
        description:
          "The augmentation; `byol`, and `cifar` for views of at most 64 pixels, where it is not given",
      }),
      augmentation: z.string().max(4096).optional().openapi({
        description:
          "As a config has it, in JSON: a name, or an object of `view1` and `view2`; instead of `preset`",
      }),
      pairs: z.coerce.number().int().min(1).max(16).default(1).openapi({
        description: "How many: of the first epochs, one each",
      }),
      px: z.coerce.number().int().min(8).max(512).optional().openapi({
        description:
          "A view's width and height; 224, and 32 for an image whose shorter side is at most 64 pixels",
      }),
    }),
  },
  responses: {
    200: {
      description:
        "View 1 on the left, view 2 on the right, pairs one below another, four white pixels between all",
      content: PNG,
    },
    ...refusals(404, 409, 422, 503),
  },
});

/** What training makes of an image. */
export function datasetViewRoutes({ store, library, embedder, encodePng }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(views, async (c) => {
    const id = settledDataset(store, c.req.valid("param").id),
      { item, seed, pairs, ...query } = c.req.valid("query");
    const asked = augmentationOf(query);
    const { width, height } = await library.image(id, item),
      px = query.px ?? (Math.min(width, height) > SMALL ? 224 : 32);
    const augmentation = asked ?? (px > SMALL ? "byol" : "cifar");
    const wanted = { dataset: id, item, augmentation, px, seed, pairs };
    const both = await embedder.views(wanted, c.req.raw.signal);
    return c.body(new Uint8Array(await encodePng(both)), 200, { "Content-Type": "image/png" });
  });
  return app;
}

/** @throws {DomainError} `invalid`, for what is no augmentation, or two of them. */
function augmentationOf(
  { preset, augmentation: text }: { preset?: Augmentation; augmentation?: string },
): Augmentation | undefined {
  if (text === undefined) return preset;
  const refuse = (errors: FieldError[]) =>
    new DomainError("invalid", `Cannot show the views: ${summary(errors)}`, { errors });
  const pointer = "#/query/augmentation";
  if (preset) throw refuse([{ pointer, detail: "give either preset or augmentation" }]);
  let value: unknown = text; // a name may come as it is
  try {
    value = JSON.parse(text);
  } catch {
    // told below, unless it is a name
  }
  const { data, error } = Augmentation.safeParse(value);
  if (!error) return data;
  throw refuse(fieldErrors(error, ["query", "augmentation"]));
}
