import { assertEquals } from "@std/assert";
import type { KeptProjection } from "../../../src/domain/projection.ts";
import { aDataset } from "../../contract/store_contract.ts";
import { problemOf, type Scene, withApi } from "./api_scene.ts";

const FINGERPRINT = `sha256:${"0f".repeat(32)}`, NPY = { Accept: "application/x-npy" };

function ready({ store }: Scene): string {
  const dataset = aDataset({ status: "ready", fingerprint: FINGERPRINT });
  store.createDataset(dataset);
  return dataset.id;
}
/** `rows` rows of which component c of row r is r + c / 4. */
const kept = (rows: number): KeptProjection => ({
  ...{ rows, dim: 3, components: 3, mean: [1, 2, 3], sha256: "ab".repeat(32) },
  ...{ explained_variance: [4, 2, 1], explained_variance_ratio: [0.5, 0.25, 0.125] },
  values: (components) => {
    const values = Float32Array.from(
      { length: rows * components },
      (_, i) => Math.floor(i / components) + (i % components) / 4,
    );
    return new Blob([values]).stream();
  },
});

Deno.test("GET /v1/datasets/{id}/projection says how far it is, then gives it as JSON and as an array", () =>
  withApi(async (scene) => {
    const { get, act, checkpoint: { id: checkpoint } } = scene, dataset = ready(scene);
    const path = `/v1/datasets/${dataset}/projection?model=${checkpoint}`;
    const told = { object: "projection", model: checkpoint, checkpoint, dataset };
    const asked: unknown[] = [], far = { done: 40, total: 100, eta_s: 2.5 };
    act.project = (key) => {
      asked.push(key);
      return Promise.resolve({ stage: "embedding", ...far });
    };
    const early = await get(path);
    assertEquals([early.status, early.headers.get("Retry-After")], [202, "1"]);
    assertEquals(await early.json(), { ...told, status: "computing", stage: "embedding", ...far });
    assertEquals(asked, [{ checkpoint, dataset, fingerprint: FINGERPRINT }]);
    act.project = () => {
      act.kept = () => Promise.resolve(kept(2));
      return Promise.resolve(undefined);
    };
    const answer = await get(path), etag = answer.headers.get("ETag")!;
    assertEquals(answer.status, 200);
    assertEquals(await answer.json(), {
      ...{ ...told, status: "ready", fingerprint: FINGERPRINT, items: 2, dim: 3, components: 2 },
      ...{ explained_variance: [4, 2], explained_variance_ratio: [0.5, 0.25], mean: [1, 2, 3] },
      data: [[0, 0.25], [1, 1.25]],
    });
    act.project = () => Promise.reject(new Error("it is there"));
    assertEquals((await get(path, { "If-None-Match": etag })).status, 304);
    const three = await get(`${path}&components=3`, { ...NPY, "If-None-Match": etag });
    assertEquals([three.status, three.headers.get("Content-Type")], [200, "application/x-npy"]);
    const bytes = await three.bytes(), head = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
    assertEquals(bytes.length, Number(three.headers.get("Content-Length")));
    assertEquals(/'shape': \(2, 3\)/.test(head), true, head);
    assertEquals([...new Float32Array(bytes.slice(-24).buffer)], [0, 0.25, 0.5, 1, 1.25, 1.5]);
    act.kept = () => Promise.resolve(kept(10_001));
    assertEquals((await (await get(path)).json()).data, null);
  }));

Deno.test("GET /v1/datasets/{id}/projection names what is wrong with it", () =>
  withApi(async (scene) => {
    const { get, act, store, checkpoint: { id: model } } = scene, dataset = ready(scene);
    const refused = async (query: string, id = dataset) =>
      await problemOf(await get(`/v1/datasets/${id}/projection?${query}`));
    for (const components of ["0", "51", "1.5", "x", ""]) {
      const [status] = await refused(`model=${model}&components=${components}`);
      assertEquals(status, 422, components);
    }
    assertEquals(await refused(`model=${model}&components=4`), [422, "invalid", "#/components"]);
    assertEquals((await refused("components=2"))[0], 422);
    assertEquals((await refused("model=nothing"))[0], 404);
    assertEquals((await refused(`model=${model}`, `ds_${"0".repeat(26)}`))[0], 404);
    const young = aDataset({ status: "ingesting" });
    store.createDataset(young);
    assertEquals((await refused(`model=${model}`, young.id))[0], 409);
    act.ready = false;
    assertEquals((await refused(`model=${model}`))[0], 503);
  }));
