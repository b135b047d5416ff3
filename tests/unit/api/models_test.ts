import { assertEquals } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { problemOf, withApi } from "./api_scene.ts";

Deno.test("a checkpoint is a model, and an alias names it", () =>
  withApi(async ({ app, get, checkpoint }) => {
    const request = async (method: string, path: string, body?: unknown) =>
      await app.request(path, {
        method,
        body: JSON.stringify(body),
        headers: { "Content-Type": "application/json" },
      });
    const model = await (await get(`/v1/models/${checkpoint.id}`)).json();
    assertEquals([model.id, model.checkpoint, model.arch, model.dim, model.px, model.owned_by], [
      ...[checkpoint.id, checkpoint.id, "cifar_resnet8", 3, 32, "latentd"],
    ]);
    assertEquals(model.created, Date.parse(checkpoint.created_at) / 1000);
    const put = await request("PUT", "/v1/models/best", { checkpoint: checkpoint.id });
    assertEquals([put.status, await put.json()], [200, { ...model, id: "best" }]);
    assertEquals(await (await get("/v1/models")).json(), {
      ...{ object: "list", data: [{ ...model, id: "best" }, model], has_more: false },
    });
    assertEquals((await request("DELETE", "/v1/models/best")).status, 204);
    assertEquals((await problemOf(await request("DELETE", "/v1/models/best")))[0], 404);
    assertEquals((await problemOf(await request("DELETE", `/v1/models/${checkpoint.id}`)))[0], 404);
    assertEquals(await problemOf(await get("/v1/models/best")), [404, "model_not_found"]);
  }));

Deno.test("PUT /v1/models/{id} refuses a bad alias, an id as alias, a bad body and an unknown checkpoint", () =>
  withApi(async ({ app, checkpoint }) => {
    const put = async (alias: string, body: unknown) =>
      await problemOf(
        await app.request(`/v1/models/${encodeURIComponent(alias)}`, {
          ...{ method: "PUT", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } },
        }),
      );
    const good = { checkpoint: checkpoint.id };
    for (
      const alias of [
        "Best",
        "-x",
        "a/b",
        "../x",
        "a".repeat(65),
        checkpoint.id,
        "ckpt_01234567890123456789012345",
      ]
    ) {
      assertEquals((await put(alias, good))[0], 422, alias);
    }
    assertEquals(await put("best", {}), [422, "invalid", "#/checkpoint"]);
    assertEquals(await put("best", { ...good, x: 1 }), [422, "invalid", "#/x"]);
    assertEquals((await put("best", { checkpoint: newId("ckpt") }))[0], 404);
  }));
