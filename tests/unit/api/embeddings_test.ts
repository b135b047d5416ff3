import { assertEquals, assertRejects } from "@std/assert";
import OpenAI from "openai";
import { encodeNpy } from "../../../src/api/npy.ts";
import { BROKEN, chunked, HUGE, JPEG, problemOf, withApi } from "./api_scene.ts";

const bare = (bytes: Uint8Array) => bytes.toBase64();
const uri = (bytes: Uint8Array) => `data:image/jpeg;base64,${bytes.toBase64()}`;
const jpegOf = (value: number) => Uint8Array.of(0xff, 0xd8, 0xff, value);
/** What the fake embedder makes of `jpegOf(value)`. */
const embeddingOf = (value: number) => [3, 4, value - 7];

Deno.test("POST /v1/embeddings takes a data URI, bare base64, an object, one or many", () =>
  withApi(async ({ post, checkpoint: { id: model } }) => {
    const input = [uri(jpegOf(7)), bare(jpegOf(8)), { image: uri(jpegOf(9)) }, { image: bare(jpegOf(10)) }];
    const { data, usage, ...rest } = await (await post("/v1/embeddings", { model, input, modality: "image" }))
      .json();
    assertEquals(
      data,
      [7, 8, 9, 10].map((v, index) => ({ object: "embedding", index, embedding: embeddingOf(v) })),
    );
    assertEquals([rest, usage], [{ object: "list", model }, {
      prompt_tokens: 0,
      total_tokens: 0,
      images: 4,
    }]);
    const one = await (await post("/v1/embeddings", { model, input: input[1], encoding_format: "base64" }))
      .json();
    assertEquals(one.data[0].embedding, new Uint8Array(Float32Array.from(embeddingOf(8)).buffer).toBase64());
    const unit = await (await post("/v1/embeddings", { model, input: input[0], normalize: true })).json();
    assertEquals(unit.data[0].embedding.map((x: number) => x.toFixed(4)), ["0.6000", "0.8000", "0.0000"]);
  }));

Deno.test("POST /v1/embeddings embeds more images than it holds decoded at a time, in order", () =>
  withApi(async ({ post, checkpoint: { id: model } }) => {
    const values = Array.from({ length: 150 }, (_, i) => 1 + i);
    const { data } = await (await post("/v1/embeddings", {
      model,
      input: values.map((v) => bare(jpegOf(v))),
    })).json();
    assertEquals(data.map((d: { embedding: number[] }) => d.embedding[2]), values.map((v) => v - 7));
  }));

Deno.test("POST /v1/embeddings takes an image as the body, a form of images, and answers npy", () =>
  withApi(async ({ app, checkpoint: { id: model } }) => {
    for (const type of ["jpeg", "png", "gif", "tiff", "webp", "bmp"]) { // the bytes say what it is
      const one = await app.request(`/v1/embeddings?model=${model}&normalize=false`, {
        ...{ method: "POST", body: JPEG, headers: { "Content-Type": `image/${type}` } },
      });
      assertEquals((await one.json()).data[0].embedding, embeddingOf(7), type);
    }
    const form = new FormData();
    form.append("model", model);
    for (const value of [7, 9]) form.append("image", new File([jpegOf(value)], `${value}.jpg`));
    const many = await app.request("/v1/embeddings", {
      ...{ method: "POST", body: form, headers: { Accept: "application/x-npy" } },
    });
    assertEquals(many.headers.get("Content-Type"), "application/x-npy");
    const bytes = await many.bytes();
    assertEquals(bytes, encodeNpy([7, 9].map((v) => Float32Array.from(embeddingOf(v))), 3));
    const text = new TextDecoder("latin1").decode(bytes.subarray(0, 128));
    assertEquals(
      text.slice(1, 6) + text.slice(10, 70).trim(),
      "NUMPY{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
    );
    assertEquals([...new Float32Array(bytes.buffer, bytes.length - 24)], [
      ...embeddingOf(7),
      ...embeddingOf(9),
    ]);
    const empty = new FormData();
    empty.append("model", model);
    assertEquals(
      (await problemOf(await app.request("/v1/embeddings", { method: "POST", body: empty })))[0],
      400,
    );
  }));

Deno.test("POST /v1/embeddings names every bad image, and no good one", () =>
  withApi(async ({ app, post, checkpoint: { id: model } }) => {
    const refused = async (input: unknown) => await problemOf(await post("/v1/embeddings", { model, input }));
    assertEquals(await refused([uri(JPEG), "hello world", uri(JPEG), bare(BROKEN), "data:text/plain,hi"]), [
      ...[400, "bad_image", "#/input/1", "#/input/3", "#/input/4"],
    ]);
    assertEquals(await refused("a photo of a cat"), [400, "bad_image", "#/input/0"]);
    assertEquals(await refused(btoa("<svg/>")), [400, "bad_image", "#/input/0"]); // or a word: who knows
    const svg = `data:image/jpeg;base64,${btoa("<svg/>")}`;
    assertEquals(await refused(svg), [415, "image_format", "#/input/0"]);
    assertEquals(await refused([svg, bare(BROKEN)]), [400, "bad_image", "#/input/0", "#/input/1"]);
    assertEquals(await refused([uri(HUGE)]), [413, "image_too_large", "#/input/0"]);
    assertEquals(await refused([uri(HUGE), uri(BROKEN)]), [400, "bad_image", "#/input/0", "#/input/1"]);
    const body = await app.request(`/v1/embeddings?model=${model}`, {
      ...{ method: "POST", body: new Uint8Array(), headers: { "Content-Type": "image/png" } },
    });
    assertEquals(await problemOf(body), [415, "image_format", "#/input/0"]);
  }));

Deno.test("POST /v1/embeddings with `partial` embeds what is good, and lists what is not", () =>
  withApi(async ({ post, checkpoint: { id: model } }) => {
    const input = [uri(BROKEN), uri(JPEG), "hello world", uri(JPEG), uri(HUGE)];
    const ask = (more: object, headers = {}) =>
      post("/v1/embeddings", { model, input, partial: true, ...more }, headers);
    const { data, usage, errors } = await (await ask({})).json();
    assertEquals(data.map(({ index }: { index: number }) => index), [1, 3]);
    const alone = await (await ask({ input: uri(JPEG) })).json();
    assertEquals(alone.errors, undefined);
    for (const { embedding } of data) assertEquals(embedding, alone.data[0].embedding);
    assertEquals(usage.images, 2);
    assertEquals(errors.map(({ index, code, pointer }: Record<string, unknown>) => [index, code, pointer]), [
      [0, "image_malformed", "#/input/0"],
      [2, "bad_image", "#/input/2"],
      [4, "image_too_large", "#/input/4"],
    ]);
    const npy = await (await ask({}, { Accept: "application/x-npy" })).bytes();
    const rows = new Float32Array(npy.slice(-4 * 5 * 3).buffer);
    assertEquals(Array.from({ length: 5 }, (_, i) => isNaN(rows[3 * i])), [true, false, true, false, true]);
    assertEquals(await problemOf(await ask({ input: [uri(BROKEN)] })), [400, "image_malformed", "#/input/0"]);
    assertEquals(await problemOf(await ask({ partial: "yes" })), [400, "malformed", "#/partial"]);
  }));

Deno.test("POST /v1/embeddings refuses URLs, other dimensions, formats, fields, tokens, nothing and too many", () =>
  withApi(async ({ post, checkpoint: { id: model } }) => {
    const refused = async (body: object) => await problemOf(await post("/v1/embeddings", { model, ...body }));
    const input = bare(JPEG);
    assertEquals(await refused({ input: [input, "https://example.org/cat.jpg"] }), [
      ...[422, "url_not_allowed", "#/input/1"],
    ]);
    assertEquals(await refused({ input, dimensions: 2 }), [400, "malformed", "#/dimensions"]);
    assertEquals((await post("/v1/embeddings", { model, input, dimensions: 3 })).status, 200);
    assertEquals(await refused({ input, encoding_format: "int8", surprise: 1 }), [
      ...[400, "malformed", "#/encoding_format", "#/surprise"],
    ]);
    assertEquals((await refused({ input: [1, 2] }))[0], 400);
    assertEquals((await refused({ input: [] }))[0], 400);
    assertEquals((await refused({}))[0], 400);
    assertEquals(await refused({ input: Array(2049).fill(input) }), [413, "too_large", "#/input"]);
    assertEquals(await refused({ input, model: "nobody" }), [404, "model_not_found"]);
  }));

Deno.test("POST /v1/embeddings refuses other types, a body over the limit, and waits for its worker", () =>
  withApi(async ({ app, post, act, checkpoint: { id: model } }) => {
    const send = async (body: BodyInit, type: string) =>
      await problemOf(
        await app.request(`/v1/embeddings?model=${model}`, {
          method: "POST",
          body,
          headers: { "Content-Type": type },
        }),
      );
    assertEquals((await send("x", "image/svg+xml"))[0], 415);
    for (const type of ["application/json", "image/jpeg", "multipart/form-data; boundary=x"]) {
      assertEquals(await send(chunked(new Uint8Array(40_000), 1000), type), [413, "too_large"], type);
    }
    assertEquals((await send("x", "multipart/form-data; boundary=x"))[0], 400);
    assertEquals((await send("x", "multipart/form-data"))[0], 400);
    act.ready = false;
    assertEquals(await problemOf(await post("/v1/embeddings", { model, input: bare(JPEG) })), [
      503,
      "unavailable",
    ]);
  }));

Deno.test("the stock openai client embeds, lists models and reads errors", () =>
  withApi(async ({ app, checkpoint: { id: model } }) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
    const baseURL = `http://127.0.0.1:${server.addr.port}/v1`;
    const client = new OpenAI({ baseURL, apiKey: "unused", maxRetries: 0 });
    try {
      const { data } = await client.embeddings.create({ model, input: [uri(jpegOf(7)), bare(jpegOf(9))] });
      assertEquals(data.map(({ embedding }) => [...embedding]), [embeddingOf(7), embeddingOf(9)]);
      assertEquals((await client.models.list()).data.map(({ id }) => id), [model]);
      const error: InstanceType<typeof OpenAI.APIError> = await assertRejects(
        () => client.embeddings.create({ model: "nobody", input: uri(JPEG) }),
        OpenAI.NotFoundError,
      );
      assertEquals(error.code, "model_not_found");
    } finally {
      await server.shutdown();
    }
  }));
