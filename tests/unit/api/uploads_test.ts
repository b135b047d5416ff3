import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { problemOf, type Scene, withApi } from "./api_scene.ts";

const TUS = { "Tus-Resumable": "1.0.0" };
const BYTES = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) % 251);

function clientOf({ app }: Scene) {
  const send = async (method: string, path: string, headers: Record<string, string>, body?: BodyInit) =>
    await app.request(path, { method, headers: { ...TUS, ...headers }, body });
  return {
    create: (length: number, more: Record<string, string> = {}, body?: BodyInit) =>
      send("POST", "/v1/uploads", { "Upload-Length": String(length), ...more }, body),
    begin: async (length = BYTES.length, metadata?: string) => {
      const more: Record<string, string> = metadata ? { "Upload-Metadata": metadata } : {};
      return (await send("POST", "/v1/uploads", { "Upload-Length": String(length), ...more })).headers
        .get("Location")!;
    },
    patch: (path: string, offset: number, body: BodyInit) =>
      send("PATCH", path, {
        ...{ "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      }, body),
    offset: async (path: string) => (await send("HEAD", path, {})).headers.get("Upload-Offset"),
    remove: (path: string) => send("DELETE", path, {}),
    send,
  };
}
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

Deno.test("an upload comes piece by piece, and becomes a dataset once", () =>
  withApi(async (scene) => {
    const client = clientOf(scene),
      created = await client.create(300),
      path = created.headers.get("Location")!;
    assertEquals([created.status, /^\/v1\/uploads\/up_[0-9A-Z]{26}$/.test(path)], [201, true]);
    assert(created.headers.get("Upload-Expires") !== null);
    assertEquals([...created.headers.keys()].filter((name) => name.startsWith("access-control")), []);
    for (const [from, to] of [[0, 100], [100, 101], [101, 300]]) {
      assertEquals(await client.offset(path), String(from));
      const { status, headers } = await client.patch(path, from, BYTES.slice(from, to));
      assertEquals([status, headers.get("Upload-Offset")], [204, String(to)]);
    }
    assertEquals(await client.offset(path), "300");
    assertEquals((await client.remove(path)).status, 204);
    assertEquals((await client.send("HEAD", path, {})).status, 404);
  }));

Deno.test("an upload may begin with bytes, and may be empty", () =>
  withApi(async (scene) => {
    const client = clientOf(scene);
    const more = { "Content-Type": "application/offset+octet-stream" };
    const created = await client.create(300, more, BYTES.slice(0, 40));
    assertEquals([created.status, created.headers.get("Upload-Offset")], [201, "40"]);
    assertEquals((await client.create(0)).status, 201);
  }));

Deno.test("a piece at another place than the upload has come to is refused, and changes nothing", () =>
  withApi(async (scene) => {
    const client = clientOf(scene), path = await client.begin();
    await client.patch(path, 0, BYTES.slice(0, 100));
    for (const offset of [0, 99, 101, 300]) { // 0: the same piece again, whose answer was lost
      assertEquals(await problemOf(await client.patch(path, offset, BYTES.slice(0, 100))), [409, "conflict"]);
    }
    assertEquals(await client.offset(path), "100");
  }));

Deno.test("an extension of tus that is not there is a refusal, and no fault of the server's", () =>
  withApi(async (scene) => {
    const client = clientOf(scene);
    const later = client.send("POST", "/v1/uploads", { "Upload-Defer-Length": "1" });
    assertEquals(await problemOf(await later), [501, "not_supported"]);
    const part = client.create(10, { "Upload-Concat": "partial" });
    assertEquals(await problemOf(await part), [501, "not_supported"]);
    assertEquals((await client.create(10)).status, 201);
  }));

Deno.test("uploads refuse what is too large, too long, no upload, or not of tus", () =>
  withApi(async (scene) => {
    const client = clientOf(scene), path = await client.begin(50);
    assertEquals(await problemOf(await client.create(1001)), [413, "too_large"]);
    assertEquals(await problemOf(await client.patch(path, 0, BYTES)), [413, "too_large"]);
    assertEquals((await problemOf(await client.create(-1)))[0], 400);
    for (const id of [newId("up"), "up_x", newId("ds"), "..%2f..%2fetc%2fpasswd", "%00", "a".repeat(2000)]) {
      assertEquals((await client.send("HEAD", `/v1/uploads/${id}`, {})).status, 404, id);
      assertEquals((await problemOf(await client.patch(`/v1/uploads/${id}`, 0, "x")))[0], 404, id);
    }
    const bare = await scene.app.request(path, { method: "HEAD" });
    assertEquals(bare.status, 412);
    assertEquals((await client.send("PATCH", path, { "Upload-Offset": "0" }, "x")).status, 400);
  }));

Deno.test("an upload that is not what its client said is discarded", () =>
  withApi(async (scene) => {
    const client = clientOf(scene), told = (hex: string) => `name ${btoa("a.tar")},sha256 ${btoa(hex)}`;
    const right = await client.begin(300, told(sha256(BYTES)));
    assertEquals((await client.patch(right, 0, BYTES)).status, 204);
    const wrong = await client.begin(300, told(sha256(BYTES)));
    await client.patch(wrong, 0, BYTES.slice(0, 200));
    const refused = await client.patch(wrong, 200, BYTES.slice(0, 100));
    assertEquals(await problemOf(refused), [422, "checksum_mismatch"]);
    assertEquals((await client.send("HEAD", wrong, {})).status, 404);
    const odd = await client.create(300, { "Upload-Metadata": told("half of one") });
    assertEquals((await problemOf(odd))[0], 400);
  }));

Deno.test("a client that vanishes has sent what was written; a second one waits for the first to end", () =>
  withApi(async (scene) => {
    const client = clientOf(scene), path = await client.begin();
    let feed!: ReadableStreamDefaultController<Uint8Array>;
    const slow = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
    const first = client.patch(path, 0, slow);
    feed.enqueue(BYTES.slice(0, 100));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = client.patch(path, 0, BYTES);
    await new Promise((resolve) => setTimeout(resolve, 100));
    feed.error(new Error("the connection is gone"));
    assert((await first).status >= 400);
    await (await first).body?.cancel();
    assertEquals((await problemOf(await second))[0], 409, "what the first had written counts");
    assertEquals(await client.offset(path), "100");
    assertEquals((await client.patch(path, 100, BYTES.slice(100))).status, 204);
  }));
