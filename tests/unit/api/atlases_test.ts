import { assertEquals } from "@std/assert";
import { aDataset } from "../../contract/store_contract.ts";
import { problemOf, type Scene, withApi } from "./api_scene.ts";

const fingerprint = `sha256:${"0f".repeat(32)}`;
function ready({ store }: Scene): string {
  const dataset = aDataset({
    ...{ status: "ready", fingerprint, counts: { images: 1025, rejected: 0, bytes: 1 } },
  });
  store.createDataset(dataset);
  return dataset.id;
}

Deno.test("columns, atlases and their layout are told, and kept by the dataset's fingerprint", () =>
  withApi(async (scene) => {
    const { get } = scene, dataset = ready(scene), path = `/v1/datasets/${dataset}`;
    assertEquals(await (await get(`${path}/columns`)).json(), {
      ...{ object: "columns", dataset, fingerprint, items: 1025 },
      ...{ splits: ["train"], classes: ["cat", "dog"] },
      split: { dtype: "uint8", data: "AAA=" },
      class: { dtype: "int16", data: "AQD//w==" },
    });
    assertEquals(await (await get(`${path}/atlases?px=24`)).json(), {
      ...{ object: "atlases", dataset, fingerprint, items: 1025, px: 24, columns: 32, per_atlas: 1024 },
      ...{ count: 2, media_type: "image/webp" },
    });
    for (const what of ["columns", "atlases/1?px=24"]) {
      const answer = await get(`${path}/${what}`), etag = answer.headers.get("ETag")!;
      assertEquals([answer.status, answer.headers.get("Cache-Control")], [200, "private, no-cache"]);
      assertEquals((await get(`${path}/${what}`, { "If-None-Match": etag })).status, 304);
      const by = `${path}/${what}${what.includes("?") ? "&" : "?"}fingerprint=`;
      const kept = (await get(by + fingerprint)).headers.get("Cache-Control");
      assertEquals(kept, "private, max-age=31536000, immutable");
      assertEquals(await problemOf(await get(`${by}sha256:00`)), [409, "dataset_changed"]);
    }
    const atlas = await get(`${path}/atlases/1?px=24`);
    assertEquals([atlas.headers.get("Content-Type"), ...await atlas.bytes()], ["image/webp", 1, 24]);
  }));

Deno.test("columns and atlases name what is wrong with a request", () =>
  withApi(async (scene) => {
    const { get, store } = scene, dataset = ready(scene), young = aDataset({ status: "ingesting" });
    store.createDataset(young);
    const statusOf = async (id: string, rest: string) => (await get(`/v1/datasets/${id}/${rest}`)).status;
    for (const what of ["columns", "atlases", "atlases/0"]) {
      assertEquals(await statusOf(`ds_${"0".repeat(26)}`, what), 404, what);
      assertEquals(await statusOf(young.id, what), 409, what);
    }
    for (const what of ["atlases?px=15", "atlases/0?px=65", "atlases/0?px=20.5", "atlases/x", "atlases/-1"]) {
      assertEquals(await statusOf(dataset, what), 422, what);
    }
    assertEquals(await statusOf(dataset, "atlases/2"), 404);
  }));
