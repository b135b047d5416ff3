import { assertEquals } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { NeighborSearch } from "../../../src/domain/neighbors.ts";
import { aDataset } from "../../contract/store_contract.ts";
import { BROKEN, JPEG, problemOf, type Scene, withApi } from "./api_scene.ts";

const base64 = JPEG.toBase64();

/** A dataset that can be searched. */
function searchable({ store }: Scene): string {
  const dataset = aDataset({
    ...{ status: "ready", fingerprint: `sha256:${"0f".repeat(32)}` },
    ...{ counts: { images: 8, rejected: 0, bytes: 1 }, splits: { test: { images: 8, classes: {} } } },
  });
  store.createDataset(dataset);
  return dataset.id;
}

Deno.test("POST /v1/neighbors takes images and items, in order, and answers a list an input", () =>
  withApi(async (scene) => {
    const { app, post, act, checkpoint: { id: model } } = scene, dataset = searchable(scene);
    const asked: NeighborSearch[] = [];
    const near = { n: 4, path: "a.png", split: "train", class: null, similarity: 0.75, distance: 0.25 };
    act.find = (search) => {
      asked.push(search);
      return Promise.resolve(search.queries.map((_, i) => i === 0 ? [near] : []));
    };
    const input = [{ item: 3 }, base64, { image: `data:image/jpeg;base64,${base64}` }];
    const answer = await post("/v1/neighbors", { model, dataset, input, k: 7, split: "test" });
    assertEquals(await answer.json(), {
      ...{ object: "list", model, dataset, metric: "cosine" },
      data: [[near], [], []].map((neighbors, index) => ({ object: "neighbors", index, neighbors })),
      usage: { prompt_tokens: 0, total_tokens: 0, images: 2 },
    });
    const embedding = Float32Array.of(3, 4, 0);
    assertEquals(asked.pop(), {
      ...{ checkpoint: model, dataset, fingerprint: `sha256:${"0f".repeat(32)}`, k: 7, split: "test" },
      queries: [{ item: 3 }, { embedding }, { embedding }],
    });
    await post("/v1/neighbors", { model, dataset, input: { item: 0 } });
    assertEquals([asked.at(-1)!.k, asked.at(-1)!.split, asked.at(-1)!.queries], [10, undefined, [{
      item: 0,
    }]]);
    const body = await app.request(`/v1/neighbors?model=${model}&dataset=${dataset}&k=2`, {
      ...{ method: "POST", body: JPEG, headers: { "Content-Type": "image/jpeg" } },
    });
    assertEquals([body.status, asked.at(-1)!.k, asked.at(-1)!.queries], [200, 2, [{ embedding }]]);
    const form = new FormData();
    for (const [name, value] of Object.entries({ model, dataset, k: "3" })) form.append(name, value);
    for (const name of ["a", "b"]) form.append("image", new File([JPEG], `${name}.jpg`));
    assertEquals((await app.request("/v1/neighbors", { method: "POST", body: form })).status, 200);
    assertEquals([asked.at(-1)!.k, asked.at(-1)!.queries.length], [3, 2]);
  }));

Deno.test("POST /v1/neighbors names what is wrong with it", () =>
  withApi(async (scene) => {
    const { app, post, store, checkpoint: { id: model } } = scene, dataset = searchable(scene);
    const refused = async (body: Record<string, unknown>) =>
      await problemOf(await post("/v1/neighbors", { model, dataset, input: { item: 0 }, ...body }));
    for (const k of [0, -1, 1.5, 1001, "10", null]) {
      assertEquals(await refused({ k }), [422, "invalid", "#/k"], `${k}`);
    }
    for (const input of [{ item: -1 }, { item: 0.5 }, { item: "0" }, { item: 0, image: base64 }, [], 7]) {
      assertEquals((await refused({ input })).slice(0, 2), [422, "invalid"], JSON.stringify(input));
    }
    assertEquals(await refused({ input: [{ item: 0 }, { item: 1e9 }] }), [422, "invalid", "#/input/1/item"]);
    assertEquals(await refused({ split: "nowhere" }), [422, "invalid", "#/split"]);
    assertEquals(await refused({ split: "constructor" }), [422, "invalid", "#/split"]);
    assertEquals(await refused({ temperature: 1 }), [422, "invalid", "#/temperature"]);
    const items = (count: number) => Array.from({ length: count }, () => ({ item: 0 }));
    assertEquals(await refused({ input: items(65) }), [413, "too_large", "#/input"]);
    assertEquals(await refused({ input: items(9), k: 1000 }), [422, "invalid", "#/k"]);
    assertEquals(await refused({ input: [{ item: 0 }, base64, BROKEN.toBase64(), "hello world"] }), [
      ...[400, "bad_image", "#/input/2", "#/input/3"],
    ]);
    assertEquals(await refused({ input: ["https://example.org/a.jpg"] }), [
      422,
      "url_not_allowed",
      "#/input/0",
    ]);
    assertEquals(await refused({ model: "nobody" }), [404, "model_not_found"]);
    assertEquals(await refused({ model: "ckpt_01M88CBGKDP4JZY3SP91EM097W" }), [404, "model_not_found"]);
    for (const unknown of ["ds_01M88C9NZ84RN64FWBFXK166V1", "../../etc"]) {
      assertEquals(await refused({ dataset: unknown }), [404, "not_found"]);
    }
    const text = await app.request("/v1/neighbors", {
      ...{ method: "POST", body: "k", headers: { "Content-Type": "text/plain" } },
    });
    assertEquals((await problemOf(text)).slice(0, 2), [415, "unsupported_media_type"]);
    store.settleDataset(dataset, { status: "ingesting" });
    assertEquals(await refused({}), [409, "conflict"]);
  }));

Deno.test("POST /v1/neighbors says when to come again while the embeddings are made, or nothing can embed", () =>
  withApi(async (scene) => {
    const { post, act, checkpoint: { id: model } } = scene, dataset = searchable(scene);
    const ask = () => post("/v1/neighbors", { model, dataset, input: { item: 0 } });
    act.find = () =>
      Promise.reject(
        new DomainError("unavailable", "Cannot search yet", {
          type: "index_in_the_making",
          retryAfterSeconds: 9,
          progress: { done: 40, total: 100 },
        }),
      );
    const answer = await ask();
    assertEquals((await answer.clone().json()).progress, { done: 40, total: 100 });
    assertEquals([answer.headers.get("Retry-After"), ...await problemOf(answer)], [
      ...["9", 503, "index_in_the_making"],
    ]);
    act.ready = false;
    assertEquals(await problemOf(await ask()), [503, "unavailable"]);
  }));
