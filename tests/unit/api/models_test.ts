import { assertEquals } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { ModelLatencies } from "../../../src/metrics/model_latency.ts";
import { aCheckpoint } from "../../contract/store_contract.ts";
import { JPEG, problemOf, withApi } from "./api_scene.ts";

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
    const named = { ...model, aliases: ["best"] };
    assertEquals([put.status, await put.json()], [200, { ...named, id: "best" }]);
    assertEquals(await (await get("/v1/models")).json(), {
      ...{ object: "list", data: [{ ...named, id: "best" }, named], has_more: false },
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

Deno.test("a model tells what an alias named before, whether it is at hand, and how long its requests took", async () => {
  const latencies = new ModelLatencies(), held: string[] = [];
  const serving = {
    observe: (...answered: Parameters<ModelLatencies["observe"]>) => latencies.observe(...answered),
    of: (checkpoint: string) => latencies.of(checkpoint),
    resident: () => held,
  };
  await withApi(async ({ app, get, post, store, checkpoint }) => {
    const other = aCheckpoint(checkpoint.job!);
    store.createCheckpoint(other);
    const name = async (id: string) => {
      const body = JSON.stringify({ checkpoint: id }), headers = { "Content-Type": "application/json" };
      return await (await app.request("/v1/models/best", { method: "PUT", body, headers })).json();
    };
    const first = await name(checkpoint.id);
    assertEquals([first.previous, first.resident, first.latency], [null, false, null]);
    assertEquals((await name(other.id)).previous, checkpoint.id);
    held.push(other.id);
    const input = `data:image/jpeg;base64,${JPEG.toBase64()}`;
    assertEquals((await post("/v1/embeddings", { model: "best", input: [input, input] })).status, 200);
    const { latency, resident, aliases } = await (await get(`/v1/models/${other.id}`)).json();
    assertEquals([latency.requests, latency.images, resident, aliases], [1, 2, true, ["best"]]);
    assertEquals([latency.p50_ms, latency.p50_ms > 0], [latency.p99_ms, true]);
    const ids = (await (await get("/v1/checkpoints")).json()).data.map(({ id }: { id: string }) => id);
    assertEquals(ids, [checkpoint.id, other.id].sort().reverse());
  }, { serving });
});

Deno.test("ModelLatencies has the ranks of the last five minutes, of a thousand requests of each model", () => {
  let now = 0;
  const latencies = new ModelLatencies(() => now);
  for (let ms = 1500; ms > 0; ms--) latencies.observe("a", ms, 2);
  assertEquals(latencies.of("a"), { requests: 1000, images: 2000, p50_ms: 500, p99_ms: 990 });
  now = 200_000;
  latencies.observe("a", 7, 1);
  now = 400_000;
  assertEquals(latencies.of("a"), { requests: 1, images: 1, p50_ms: 7, p99_ms: 7 });
  for (let i = 0; i < 64; i++) latencies.observe(`model ${i}`, 1, 1);
  assertEquals([latencies.of("a"), latencies.of("none")], [null, null]);
});
