import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { DomainError } from "../domain/errors.ts";
import { ARCHS } from "../domain/pretrain.ts";
import { mediaType, unsupported } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { binary } from "./request_schemas.ts";
import { CheckpointSchema, created } from "./schemas.ts";

const ACCEPTED = ["application/octet-stream", "application/x-safetensors"];
/** Three numbers with commas, which `check` accepts. */
const triple = (check: (value: number) => boolean, accepted: string, description: string) =>
  z.string().max(100).transform((text) => text.split(",").map((one) => one.trim() === "" ? NaN : Number(one)))
    .refine(
      (values) => values.length === 3 && values.every((value) => Number.isFinite(value) && check(value)),
      {
        error: `must be three ${accepted} with commas between them`,
      },
    ).transform((values) => values as [number, number, number])
    .optional().openapi({ type: "string", description, example: "0.485,0.456,0.406" });

const importCheckpoint = createRoute({
  method: "post",
  path: "/v1/checkpoints",
  operationId: "importCheckpoint",
  tags: ["checkpoints"],
  summary: "Import a model: a safetensors file with torchvision's, timm's or transformers' names",
  request: {
    query: z.object({
      arch: z.enum(ARCHS).optional().openapi({
        description: "The encoder; left out, the one that the tensors' shapes tell",
      }),
      px: z.coerce.number().int().min(8).max(512).optional().openapi({
        description: "The side of images that it embeds; 224 by default, and 32 for encoders of small images",
      }),
      mean: triple(() => true, "numbers", "Of the channels, from 0 to 1; ImageNet's by default"),
      std: triple((value) => value > 0, "numbers above 0", "Of the channels; ImageNet's by default"),
    }),
    body: { required: true, content: Object.fromEntries(ACCEPTED.map((type) => [type, binary])) },
  },
  responses: {
    201: created(CheckpointSchema, "Imported, and on disk; with `fc.*` in it, it classifies, too"),
    ...refusals(400, 413, 415, 422, 503, 507),
  },
});

/** Models that were trained elsewhere. Their bytes are counted where they are kept: nothing here may buffer them. */
export function checkpointImportRoutes({ importer }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(importCheckpoint, async (c) => {
    const { arch, px, mean, std } = c.req.valid("query"), type = mediaType(c), { body } = c.req.raw;
    if (!ACCEPTED.includes(type)) throw unsupported(type, ACCEPTED);
    if (!body) throw new DomainError("malformed", "Cannot import the checkpoint: the body is empty");
    const checkpoint = await importer.import(body, { arch, px, channelMean: mean, channelStd: std });
    return c.json(checkpoint, 201, { Location: `/v1/checkpoints/${checkpoint.id}` });
  });
  return app;
}
