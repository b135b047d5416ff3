import type { ViewsRequest } from "../../../src/domain/ports.ts";
import { assertEquals } from "@std/assert";
import { shrink } from "../../../src/api/dataset_items.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { aDataset } from "../../contract/store_contract.ts";
import { chunked, problemOf, withApi } from "./api_scene.ts";

const tar = { "Content-Type": "application/x-tar" };

Deno.test("POST /v1/datasets keeps an archive and names its dataset", () =>
  withApi(async ({ app, get, intake }) => {
    const types = ["application/x-tar", "application/gzip", "Application/X-TAR; x=y", "application/zip"];
    for (const type of types) {
      const response = await app.request("/v1/datasets?name=photos", {
        ...{ method: "POST", body: "tar", headers: { "Content-Type": type } },
      });
      const dataset = await response.json();
      assertEquals([response.status, dataset.name, dataset.status], [201, "photos", "ingesting"]);
      assertEquals(response.headers.get("Location"), `/v1/datasets/${dataset.id}`);
      await intake.idle();
      const settled = await (await get(response.headers.get("Location")!)).json();
      assertEquals([settled.status, settled.error.code], ["failed", "malformed"]);
    }
    const { data } = await (await get("/v1/datasets?limit=2")).json();
    assertEquals(data.length, 2);
  }));

Deno.test("POST /v1/datasets refuses other types, no name, nothing, and too much of a body without a length", () =>
  withApi(async ({ app, store }) => {
    const post = async (path: string, body: BodyInit | undefined, headers: Record<string, string>) =>
      await problemOf(await app.request(path, { method: "POST", body, headers }));
    assertEquals(await post("/v1/datasets?name=x", "{}", { "Content-Type": "text/html" }), [
      ...[415, "unsupported_media_type"],
    ]);
    const json = { "Content-Type": "application/json" };
    assertEquals(await post("/v1/datasets", "{}", json), [422, "invalid", "#/name", "#/source"]);
    const source = JSON.stringify({ name: "x", source: { path: "/a" }, short_side: 3, mode: 1 });
    assertEquals(await post("/v1/datasets", source, json), [422, "invalid", "#/short_side", "#/mode"]);
    assertEquals(await post("/v1/datasets?name=x", "--", { "Content-Type": "multipart/form-data" }), [
      ...[400, "malformed"],
    ]);
    assertEquals((await post("/v1/datasets?name=x", new Uint8Array(3), {}))[0], 415);
    assertEquals(await post("/v1/datasets", "tar", tar), [422, "invalid", "#/query/name"]);
    assertEquals((await post("/v1/datasets?name=%20", "tar", tar))[0], 422);
    assertEquals(await post("/v1/datasets?name=x&format=tar", "tar", tar), [
      422,
      "invalid",
      "#/query/format",
    ]);
    assertEquals(await post("/v1/datasets?name=x", undefined, tar), [400, "malformed"]);
    assertEquals(await post("/v1/datasets?name=x", "", tar), [400, "malformed"]);
    assertEquals(await post("/v1/datasets?name=x", chunked(new Uint8Array(400), 1000), tar), [
      413,
      "too_large",
    ]);
    assertEquals(store.listDatasets({ limit: 10 }).data.length, 1);
  }));

Deno.test("a dataset's images, entries and rejected files can be browsed", () =>
  withApi(async ({ get, dataset }) => {
    const base = `/v1/datasets/${dataset.id}`;
    const items = await (await get(`${base}/items?limit=1&after=0&class=cat`)).json();
    assertEquals([items.data.map((i: { n: number }) => i.n), items.has_more], [[1], true]);
    assertEquals((await (await get(`${base}/rejected`)).json()).data, [{
      path: "notes.jpg",
      reason: "no image",
    }]);
    const png = await get(`${base}/items/2/image?px=2`);
    assertEquals([png.headers.get("Content-Type"), [...await png.bytes()]], ["image/png", [
      0x89,
      0x50,
      2,
      1,
    ]]);
    assertEquals([...await (await get(`${base}/items/2/image`)).bytes()].slice(2), [4, 2]);
    assertEquals((await problemOf(await get(`${base}/items/9/image`)))[0], 404);
    assertEquals((await problemOf(await get(`${base}/items/-1/image`)))[0], 422);
    assertEquals((await problemOf(await get(`/v1/datasets/${newId("ds")}/items`)))[0], 404);
  }));

Deno.test("POST /v1/datasets takes short_side, max_rejected and format, within bounds", () =>
  withApi(async ({ app, get }) => {
    const post = (query: string) =>
      app.request(`/v1/datasets?name=x&${query}`, { method: "POST", body: "tar", headers: tar });
    const { id, settings } = await (await post("short_side=64&max_rejected=0.5")).json();
    assertEquals(settings, { short_side: 64, max_rejected: 0.5 });
    assertEquals((await (await get(`/v1/datasets/${id}`)).json()).settings, settings);
    assertEquals((await (await post("")).json()).settings, { short_side: 256, max_rejected: 0.01 });
    assertEquals((await (await post("format=cifar10")).json()).settings.format, "cifar10");
    for (const name of ["short_side", "max_rejected"]) {
      for (const value of ["31.5", "-1", "9999", "x"]) {
        assertEquals(await problemOf(await post(`${name}=${value}`)), [422, "invalid", `#/query/${name}`]);
      }
    }
  }));

Deno.test("duplicates are listed of what is ready, rejected files of what has failed too", () =>
  withApi(async ({ get, store, dataset }) => {
    const { data } = await (await get(`/v1/datasets/${dataset.id}/duplicates?limit=1`)).json();
    assertEquals(data, [{ images: 2, items: [{ n: 0, path: "a.png", split: "train", class: null }] }]);
    const failed = aDataset({ status: "failed" });
    store.createDataset(failed);
    assertEquals((await get(`/v1/datasets/${failed.id}/rejected`)).status, 200);
    assertEquals((await problemOf(await get(`/v1/datasets/${failed.id}/duplicates`)))[0], 409);
  }));

Deno.test("a dataset that is not ready cannot be looked into", () =>
  withApi(async ({ get, store }) => {
    const young = aDataset();
    store.createDataset(young);
    assertEquals(await problemOf(await get(`/v1/datasets/${young.id}/items`)), [409, "conflict"]);
  }));

Deno.test("DELETE /v1/datasets/{id} is refused while a job uses it", () =>
  withApi(async ({ app, post, dataset }) => {
    const remove = async () => await app.request(`/v1/datasets/${dataset.id}`, { method: "DELETE" });
    const config = { arch: "cifar_resnet8", batch: 16, steps: 1 };
    const job = await (await post("/v1/jobs", { kind: "pretrain", dataset: dataset.id, config })).json();
    assertEquals(await problemOf(await remove()), [409, "conflict"]);
    await post(`/v1/jobs/${job.id}/cancel`, undefined);
    assertEquals([(await remove()).status, (await remove()).status], [204, 404]);
  }));

Deno.test("shrink() takes means and never enlarges", () => {
  const image = { width: 3, height: 2, pixels: Uint8Array.from({ length: 18 }, (_, i) => 10 * i) };
  assertEquals(shrink(image, 3), image);
  const small = shrink(image, 1);
  assertEquals([small.width, small.height, [...small.pixels]], [1, 1, [75, 85, 95]]);
});

Deno.test("POST /v1/datasets imports a path, and takes a form's files", () =>
  withApi(async ({ app, get, intake, act }) => {
    act.ingest = () => Promise.reject(new DomainError("malformed", "no"));
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ name: "disk", source: { path: "/data/photos" }, max_rejected: 0.5 });
    const imported = await app.request("/v1/datasets", { method: "POST", headers, body });
    const { id, name, settings } = await imported.json();
    assertEquals([imported.status, name, settings], [201, "disk", { short_side: 256, max_rejected: 0.5 }]);
    await intake.idle();
    assertEquals((await (await get(`/v1/datasets/${id}`)).json()).status, "failed");
    const form = new FormData();
    form.append("file", new File(["pixels"], "train/cat/1.png"));
    assertEquals((await app.request("/v1/datasets?name=form", { method: "POST", body: form })).status, 201);
    await intake.idle();
  }));

Deno.test("POST /v1/datasets/{id}/parts adds to a dataset that is there, ready and not used", () =>
  withApi(async ({ app, intake, act, dataset }) => {
    const summary = { ...dataset, images: 4 };
    act.ingest = () => Promise.resolve(summary);
    const post = (id: string, headers: Record<string, string> = tar) =>
      app.request(`/v1/datasets/${id}/parts`, { method: "POST", body: "tar", headers });
    const added = await post(dataset.id);
    assertEquals([added.status, (await added.json()).status], [202, "ingesting"]);
    await intake.idle();
    assertEquals((await post(dataset.id, { "Content-Type": "application/json" })).status, 415);
    assertEquals((await post(newId("ds"))).status, 404);
    assertEquals((await post("..%2f..")).status, 404);
  }));

Deno.test("GET /v1/datasets/{id}/views asks for both views of an image, with what suits its size", () =>
  withApi(async ({ get, dataset, store, act }) => {
    const path = `/v1/datasets/${dataset.id}/views`,
      at = async (query: string) => await get(`${path}?${query}`);
    const seen = await at("item=1&seed=7");
    assertEquals([seen.status, seen.headers.get("Content-Type")], [200, "image/png"]);
    // The scene's PNG is its width and height, which are px and seed there; its images are small.
    assertEquals([...new Uint8Array(await seen.arrayBuffer())], [0x89, 0x50, 32, 7]);
    assertEquals([...new Uint8Array(await (await at("item=1&px=100&preset=none")).arrayBuffer())].slice(2), [
      100,
      0,
    ]);
    for (
      const [query, pointer] of [
        ["", "#/query/item"],
        ["item=-1", "#/query/item"],
        ["item=1&seed=x", "#/query/seed"],
        ["item=1&preset=vivid", "#/query/preset"],
        ["item=1&px=7", "#/query/px"],
        ["item=1&px=513", "#/query/px"],
        ["item=1&pairs=17", "#/query/pairs"],
        ["item=1&augmentation=vivid", "#/query/augmentation"],
        ["item=1&augmentation=byol&preset=byol", "#/query/augmentation"],
      ]
    ) assertEquals(await problemOf(await at(query)), [422, "invalid", pointer], query);
    assertEquals((await at("item=3")).status, 404);
    assertEquals((await get(`/v1/datasets/${newId("ds")}/views?item=0`)).status, 404);
    const view = {
      ...{ crop: { area: [0.2, 1], aspect: [1, 1] }, flip: 0, grayscale: 1, solarize: 0 },
      ...{ jitter: { probability: 0, brightness: 0, contrast: 0, saturation: 0, hue: 0 } },
      blur: { probability: 0, sigma: [1, 1] },
    };
    const augmentation = { view1: view, view2: { ...view, flip: 1 } }, asked: ViewsRequest[] = [];
    act.views = (request) => {
      asked.push(request);
      return Promise.resolve({ width: 1, height: 1, pixels: new Uint8Array(3) });
    };
    const text = encodeURIComponent(JSON.stringify(augmentation));
    for (const query of [`augmentation=${text}&pairs=3`, "augmentation=grayscale"]) {
      assertEquals((await at(`item=1&${query}`)).status, 200);
    }
    const plain = { dataset: dataset.id, item: 1, px: 32, seed: 0 };
    assertEquals(asked, [{ ...plain, augmentation, pairs: 3 } as ViewsRequest, {
      ...{ ...plain, augmentation: "grayscale", pairs: 1 },
    }]);
    const torn = encodeURIComponent(JSON.stringify({ ...augmentation, view1: { ...view, flip: 2 } }));
    assertEquals(
      (await problemOf(await at(`item=1&augmentation=${torn}`)))[2],
      "#/query/augmentation/view1/flip",
    );
    store.settleDataset(dataset.id, { status: "ingesting" });
    assertEquals((await at("item=1")).status, 409);
  }));

Deno.test("views that nobody waits for any more are given up, and are no fault of the server's", () =>
  withApi(async ({ app, act, dataset }) => {
    const client = new AbortController(), logged: unknown[] = [], { error } = console;
    act.views = (_request, signal) => {
      client.abort();
      return Promise.reject(signal?.reason ?? new Error("it is not told"));
    };
    console.error = (...line) => void logged.push(line);
    try {
      await app.request(`/v1/datasets/${dataset.id}/views?item=0`, { signal: client.signal });
    } finally {
      console.error = error;
    }
    assertEquals(logged, []);
  }));

Deno.test("GET …/items/{n}/original gives a file back under a name of ours, and once only", () =>
  withApi(async ({ get, dataset }) => {
    const path = `/v1/datasets/${dataset.id}/items/0/original`,
      found = await get(path),
      etag = found.headers.get("ETag")!;
    assertEquals([found.status, found.headers.get("Content-Type")], [200, "application/octet-stream"]);
    assertEquals(found.headers.get("Content-Disposition"), `attachment; filename="${dataset.id}-0.bin"`);
    assertEquals(found.headers.get("X-Content-Type-Options"), "nosniff");
    assertEquals((await found.bytes()).length, 6);
    assertEquals((await get(path, { "If-None-Match": etag })).status, 304);
  }));
