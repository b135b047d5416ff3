import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Checkpoint, Model } from "../domain/checkpoint.ts";
import { DomainError } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { isId } from "../domain/ids.ts";
import type { Store } from "../domain/ports.ts";
import { readJson } from "./body.ts";
import { findCheckpoint } from "./checkpoints.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid, summary } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { bodyOf, describeBodies } from "./request_schemas.ts";
import { IdPath, json, listOf, ModelSchema, PageQuery } from "./schemas.ts";

const Alias = z.strictObject({ checkpoint: z.string().describe("The checkpoint that it names from now on") });

const list = createRoute({
  method: "get",
  path: "/v1/models",
  operationId: "listModels",
  tags: ["models"],
  summary: "List models: aliases by name, then checkpoints, newest first",
  request: { query: PageQuery },
  responses: {
    200: json(listOf(ModelSchema), "Models; aliases are on the first page"),
    ...refusals(409, 422),
  },
});
const get = createRoute({
  method: "get",
  path: "/v1/models/{id}",
  operationId: "getModel",
  tags: ["models"],
  summary: "One model, by alias or checkpoint id",
  request: { params: IdPath },
  responses: { 200: json(ModelSchema, "The model"), ...refusals(404, 409) },
});
const put = createRoute({
  method: "put",
  path: "/v1/models/{id}",
  operationId: "setModelAlias",
  tags: ["models"],
  summary: "Let an alias name a checkpoint",
  request: {
    params: IdPath,
    body: {
      required: true,
      content: bodyOf("ModelAlias", { alias: { checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W" } }),
    },
  },
  responses: { 200: json(ModelSchema, "The model"), ...refusals(400, 404, 409, 413, 415, 422, 507) },
});
const remove = createRoute({
  method: "delete",
  path: "/v1/models/{id}",
  operationId: "deleteModelAlias",
  tags: ["models"],
  summary: "Drop an alias; the checkpoint stays",
  request: { params: IdPath },
  responses: { 204: { description: "Dropped" }, ...refusals(404, 507) },
});

/**
 * The checkpoint that a model's id or alias names.
 *
 * @throws {DomainError} `not_found`, of type `model_not_found`.
 */
export function findModel(store: Store, id: string): Checkpoint {
  const checkpoint = isId("ckpt", id) ? id : store.getAlias(id);
  const found = checkpoint && store.getCheckpoint(checkpoint);
  if (!found) {
    const name = JSON.stringify(id.slice(0, 80));
    throw new DomainError("not_found", `Cannot find model ${name}: no alias or checkpoint is called that`, {
      type: "model_not_found",
    });
  }
  return found;
}

/** Models and their aliases, in the shape of OpenAI's list. */
export function modelRoutes({ store, checkpoints, warmer, serving, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid }), deps = { checkpoints, serving };
  describeBodies(app, { ModelAlias: Alias });
  app.openapi(list, async (c) => {
    const page = c.req.valid("query");
    const { data: found, has_more } = store.listCheckpoints({}, page);
    const aliases = store.listAliases();
    const named = page.after === undefined
      ? aliases.map(({ alias, checkpoint }) => ({
        id: alias,
        checkpoint: findCheckpoint(store, checkpoint),
      }))
      : [];
    const all = [...named, ...found.map((checkpoint) => ({ id: checkpoint.id, checkpoint }))];
    const described = await Promise.all(all.map(async ({ id, checkpoint }) => {
      try {
        return await describe(deps, id, checkpoint, aliases);
      } catch (error) {
        // Removed meanwhile, or lost from the disk, which the server tells at its start: the others are models all the same.
        if (!(error instanceof DomainError && error.code === "not_found")) throw error;
      }
    }));
    const data = described.filter((model) => model !== undefined);
    return c.json({ object: "list" as const, data, has_more }, 200);
  });
  app.openapi(get, async (c) => {
    const { id } = c.req.valid("param");
    return c.json(await describe(deps, id, findModel(store, id), store.listAliases()), 200);
  });
  app.openapi(put, async (c) => {
    const { id: alias } = c.req.valid("param");
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(alias) || isId("ckpt", alias)) {
      throw new DomainError(
        "invalid",
        `Cannot set the alias: 1 to 64 of a-z, 0-9, ".", "_", "-", not shaped like a checkpoint's id, got ${
          JSON.stringify(alias.slice(0, 80))
        }`,
      );
    }
    const { data, error } = Alias.safeParse(await readJson(c, limits.jsonBytes));
    if (!data) {
      const errors = fieldErrors(error);
      throw new DomainError("invalid", `Cannot set the alias: ${summary(errors)}`, { errors });
    }
    const checkpoint = findCheckpoint(store, data.checkpoint);
    await checkpoints.model(checkpoint.id); // which refuses what is no model of this version
    await checkpoints.verify(checkpoint.id); // what is served now goes on being served where this one is damaged
    store.setAlias(alias, checkpoint.id);
    warmer?.warm(checkpoint.id);
    return c.json(await describe(deps, alias, checkpoint, store.listAliases()), 200);
  });
  app.openapi(remove, (c) => {
    const { id: alias } = c.req.valid("param");
    if (!store.deleteAlias(alias)) {
      throw new DomainError(
        "not_found",
        `Cannot drop the alias ${JSON.stringify(alias.slice(0, 80))}: there is none`,
      );
    }
    return c.body(null, 204);
  });
  return app;
}

async function describe(
  { checkpoints, serving }: Pick<ApiDeps, "checkpoints" | "serving">,
  id: string,
  checkpoint: Checkpoint,
  aliases: ReturnType<Store["listAliases"]>,
): Promise<Model> {
  const { arch, dim, classes, preprocessing } = await checkpoints.model(checkpoint.id);
  return {
    ...{ id, object: "model", checkpoint: checkpoint.id, arch, dim, px: preprocessing.px, preprocessing },
    ...{ task: classes > 0 ? "classification" : "embedding", labels: classes },
    ...{ owned_by: "latentd", created: Math.floor(Date.parse(checkpoint.created_at) / 1000) },
    aliases: aliases.flatMap((one) => one.checkpoint === checkpoint.id ? [one.alias] : []),
    previous: aliases.find(({ alias }) => alias === id)?.previous ?? null,
    resident: serving?.resident().includes(checkpoint.id) ?? false,
    latency: serving?.of(checkpoint.id) ?? null,
  };
}
