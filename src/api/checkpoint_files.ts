import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { type Checkpoint, CHECKPOINT_FILES, type CheckpointFileName } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { ARCHIVE, type Layout, LAYOUTS } from "../domain/layout.ts";
import type { ByteRange } from "./byte_range.ts";
import { findCheckpoint } from "./checkpoints.ts";
import type { ApiDeps } from "./deps.ts";
import { answerFile, FileHeaders, fileResponses } from "./file_answer.ts";
import { rejectInvalid } from "./problem.ts";
import { readRange } from "./read_range.ts";
import { refusals } from "./refusals.ts";
import { IdPath } from "./schemas.ts";

const TAR = "application/x-tar";
const Name = z.string().openapi({
  description: "As the checkpoint lists it; or `model.onnx`, or one of the layout's files, made on demand",
  example: "model.safetensors",
});
const LAYOUT =
  "Whose files: `torchvision`'s are the kept ones, `timm`'s load by `timm.create_model(\"local-dir:…\")`, " +
  "`transformers`' by `AutoModel.from_pretrained`";
const file = createRoute({
  method: "get",
  path: "/v1/checkpoints/{id}/files/{name}",
  operationId: "getCheckpointFile",
  tags: ["checkpoints"],
  summary: "One of a checkpoint's files, or of its model's in another layout",
  request: {
    params: IdPath.extend({ name: Name }),
    query: z.object({
      layout: z.enum(["torchvision", "timm", "transformers"]).default("torchvision").openapi({
        description: LAYOUT,
      }),
    }),
    headers: FileHeaders,
  },
  responses: {
    ...fileResponses("application/octet-stream", "application/json"),
    ...refusals(404, 409, 422),
  },
});
const archive = createRoute({
  method: "get",
  path: "/v1/checkpoints/{id}/archive",
  operationId: "getCheckpointArchive",
  tags: ["checkpoints"],
  summary: "A checkpoint's model, in a layout, as a tar",
  request: {
    params: IdPath,
    query: z.object({
      layout: z.enum(LAYOUTS).default("torchvision").openapi({
        description: `${LAYOUT}, \`onnx\` is \`model.onnx\` alone`,
      }),
    }),
    headers: FileHeaders,
  },
  responses: { ...fileResponses(TAR), ...refusals(404, 409, 422) },
});

/** Checkpoints' files: those that are kept, and those that are made of them on demand. */
export function checkpointFileRoutes({ store, checkpoints, exporter }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(file, (c) => {
    const { id, name } = c.req.valid("param"), { layout } = c.req.valid("query");
    return unlessRemoved(id, async (checkpoint) => {
      if (name === "model.onnx") return await answerFile(c, await exported(checkpoint, "onnx", name));
      if (layout !== "torchvision") return await answerFile(c, await exported(checkpoint, layout, name));
      return await answerFile(c, kept(checkpoint, name));
    });
  });
  app.openapi(archive, (c) => {
    const { layout } = c.req.valid("query");
    return unlessRemoved(
      c.req.valid("param").id,
      async (checkpoint) => await answerFile(c, await exported(checkpoint, layout, ARCHIVE)),
    );
  });

  function kept({ id, files }: Checkpoint, name: string) {
    const found = files.find((entry) => entry.name === name);
    if (!found || !isCheckpointFile(name)) {
      throw new DomainError(
        "not_found",
        `Cannot find ${JSON.stringify(name.slice(0, 60))}: no file of ${id}`,
      );
    }
    return {
      ...{
        name,
        mediaType: mediaTypeOf(name),
        saveAs: `${id}.${name}`,
        bytes: found.bytes,
        sha256: found.sha256,
      },
      // A checkpoint never changes once it is listed.
      cacheControl: "private, max-age=31536000, immutable",
      open: (range: ByteRange) => readRange(checkpoints.path(id, name), range),
    };
  }
  async function exported(checkpoint: Checkpoint, layout: Layout, name: string) {
    const { bytes, sha256, open } = await exporter.file(checkpoint, layout, name);
    const saveAs = name === ARCHIVE ? `${checkpoint.id}.${layout}.tar` : `${checkpoint.id}.${name}`;
    // Another version of latentd may lay it out otherwise.
    return {
      name,
      mediaType: mediaTypeOf(name),
      saveAs,
      bytes,
      sha256,
      cacheControl: "private, no-cache",
      open,
    };
  }
  /** Answers of a checkpoint; whatever fails because it is being removed is that there is none. */
  async function unlessRemoved(
    id: string,
    answer: (checkpoint: Checkpoint) => Promise<Response>,
  ): Promise<Response> {
    const checkpoint = findCheckpoint(store, id);
    try {
      return await answer(checkpoint);
    } catch (error) {
      findCheckpoint(store, id);
      throw error;
    }
  }
  return app;
}

const isCheckpointFile = (name: string): name is CheckpointFileName =>
  (CHECKPOINT_FILES as readonly string[]).includes(name);

const mediaTypeOf = (name: string): string =>
  name === ARCHIVE ? TAR : name.endsWith(".json") ? "application/json" : "application/octet-stream";
