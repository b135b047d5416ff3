import { assertEquals } from "@std/assert";
import type { Checkpoint } from "../../../src/domain/checkpoint.ts";
import { newId } from "../../../src/domain/ids.ts";
import { topLabels } from "../../../src/api/top_labels.ts";
import { BROKEN, MODEL, problemOf, type Scene, withApi } from "./api_scene.ts";

const jpegOf = (value: number) => Uint8Array.of(0xff, 0xd8, 0xff, value);
const bare = (bytes: Uint8Array) => bytes.toBase64();
/** What the fake embedder makes of `jpegOf(value)`, of ten classes. */
const labelsOf = (value: number, count: number) =>
  [value, ...Array(10).keys().filter((n) => n !== value)].slice(0, count).map((n) => ({
    ...{ label: `label ${n}`, score: n === value ? 0.5 : n < value ? 0.25 : 0 },
  }));

/** A scene in which every checkpoint has ten classes; and one is listed with their file. */
const withClassifier = (check: (scene: Scene, model: string) => Promise<void>) =>
  withApi(async (scene) => {
    scene.act.model = () => Promise.resolve({ ...MODEL, classes: 10 });
    const classifier: Checkpoint = {
      ...scene.checkpoint,
      ...{ id: newId("ckpt"), job: null, files: [{ name: "labels.json", bytes: 9, sha256: "c0ffee" }] },
    };
    scene.store.createCheckpoint(classifier);
    await check(scene, classifier.id);
  });

Deno.test("POST /v1/classifications tells the likeliest labels of images in every form, ties by class", () =>
  withClassifier(async ({ app, post }, model) => {
    const input = [bare(jpegOf(3)), { image: `data:image/jpeg;base64,${bare(jpegOf(7))}` }];
    const response = await post("/v1/classifications", { model, input });
    assertEquals(await response.json(), {
      ...{ object: "list", model, usage: { prompt_tokens: 0, total_tokens: 0, images: 2 } },
      data: [{ index: 0, labels: labelsOf(3, 5) }, { index: 1, labels: labelsOf(7, 5) }],
    });
    assertEquals(response.headers.get("Server-Timing")?.split(";")[0], "decode");
    const all = await (await post("/v1/classifications", { model, input: input[0], top_k: 1000 })).json();
    assertEquals(all.data, [{ index: 0, labels: labelsOf(3, 10) }]);
    const raw = await app.request(`/v1/classifications?model=${model}&top_k=2`, {
      ...{ method: "POST", body: jpegOf(9), headers: { "Content-Type": "image/jpeg" } },
    });
    assertEquals((await raw.json()).data, [{ index: 0, labels: labelsOf(9, 2) }]);
    const form = new FormData();
    form.append("model", model);
    form.append("top_k", "1");
    for (const value of [1, 2]) form.append("image", new File([jpegOf(value)], `${value}.jpg`));
    const many = await app.request("/v1/classifications", { method: "POST", body: form });
    assertEquals(
      (await many.json()).data,
      [1, 2].map((value, index) => ({ index, labels: labelsOf(value, 1) })),
    );
  }));

Deno.test("POST /v1/classifications names bad images, and with partial answers the others", () =>
  withClassifier(async ({ post }, model) => {
    const input = [bare(jpegOf(1)), bare(BROKEN), bare(jpegOf(2))];
    assertEquals(await problemOf(await post("/v1/classifications", { model, input })), [
      ...[400, "image_malformed", "#/input/1"] as const,
    ]);
    const { data, usage, errors } =
      await (await post("/v1/classifications", { model, input, partial: true, top_k: 1 })).json();
    assertEquals(data.map(({ index }: { index: number }) => index), [0, 2]);
    assertEquals([usage.images, errors[0].index, errors[0].code], [2, 1, "image_malformed"]);
  }));

Deno.test("POST /v1/classifications refuses a model without a head, and options that are none of its own", () =>
  withClassifier(async ({ post, act, checkpoint }, model) => {
    const refused = async (body: Record<string, unknown>) =>
      await problemOf(await post("/v1/classifications", { model, input: bare(jpegOf(1)), ...body }));
    assertEquals(await refused({ model: checkpoint.id }), [422, "not_a_classifier", "#/model"]);
    assertEquals(await refused({ model: "nobody" }), [404, "model_not_found"]);
    for (const top_k of [0, 1001, 1.5, "1"]) {
      assertEquals(await refused({ top_k }), [400, "malformed", "#/top_k"]);
    }
    assertEquals((await refused({ normalize: true }))[0], 400);
    assertEquals(await refused({ input: "https://example.org/a.jpg" }), [
      ...[422, "url_not_allowed", "#/input/0"] as const,
    ]);
    const many = Array(2048).fill("x"); // nothing is decoded before that is found out
    act.model = () => Promise.resolve({ ...MODEL, classes: 900 });
    assertEquals(await refused({ input: many, top_k: 100 }), [400, "malformed", "#/top_k"]);
    act.ready = false;
    assertEquals(await refused({}), [503, "unavailable"]);
  }));

Deno.test("GET /v1/models says what a model can do, and of how many classes", () =>
  withApi(async ({ get, act, checkpoint: { id } }) => {
    const taskOf = async () => {
      const { task, labels } = await (await get(`/v1/models/${id}`)).json();
      return [task, labels];
    };
    assertEquals(await taskOf(), ["embedding", 0]);
    act.model = () => Promise.resolve({ ...MODEL, classes: 10 });
    assertEquals(await taskOf(), ["classification", 10]);
  }));

Deno.test("topLabels() ranks as a sort does, whatever k, and equal scores by their index", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const scores = Float32Array.from({ length: 150 }, (_, n) => (n * n * seed) % 13 / 13);
    const sorted = Array.from(scores, (_, n) => n).sort((a, b) => scores[b] - scores[a] || a - b);
    for (const k of [1, 2, 5, 63, 64, 150]) assertEquals(topLabels(scores, k), sorted.slice(0, k));
  }
});
