import { assertEquals } from "@std/assert";
import { parseRange } from "../../../src/api/byte_range.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { aCheckpoint } from "../../contract/store_contract.ts";
import { MODEL, MODEL_BYTES, problemOf, withApi } from "./api_scene.ts";

Deno.test("checkpoints are listed by job and told one by one", () =>
  withApi(async ({ get, checkpoint }) => {
    assertEquals(await (await get(`/v1/checkpoints/${checkpoint.id}`)).json(), checkpoint);
    const { data } = await (await get(`/v1/jobs/${checkpoint.job}/checkpoints`)).json();
    assertEquals(data, [checkpoint]);
    assertEquals(await problemOf(await get(`/v1/checkpoints/${newId("ckpt")}`)), [404, "not_found"]);
    assertEquals((await problemOf(await get(`/v1/jobs/${newId("job")}/checkpoints`)))[0], 404);
  }));

Deno.test("a checkpoint's file comes whole, in ranges, or not at all if it is known", () =>
  withApi(async ({ get, checkpoint }) => {
    const path = `/v1/checkpoints/${checkpoint.id}/files/model.safetensors`, size = MODEL_BYTES.length;
    const whole = await get(path);
    assertEquals([whole.status, whole.headers.get("ETag")], [200, '"c0ffee"']);
    assertEquals(whole.headers.get("Content-Length"), String(size));
    assertEquals(
      whole.headers.get("Content-Disposition"),
      `attachment; filename="${checkpoint.id}.model.safetensors"`,
    );
    assertEquals(await whole.bytes(), MODEL_BYTES);
    for (
      const [range, start, end] of [
        ...[["bytes=0-0", 0, 0], ["bytes=100000-", 100000, size - 1], ["bytes=-5", size - 5, size - 1]],
        ...[["bytes=199990-999999", 199990, size - 1], ["bytes=65530-131080", 65530, 131080]],
      ] as [string, number, number][]
    ) {
      const part = await get(path, { Range: range });
      assertEquals([part.status, part.headers.get("Content-Range")], [206, `bytes ${start}-${end}/${size}`]);
      assertEquals(await part.bytes(), MODEL_BYTES.subarray(start, end + 1));
    }
    const outside = await get(path, { Range: `bytes=${size}-` });
    assertEquals(outside.headers.get("Content-Range"), `bytes */${size}`);
    assertEquals(await problemOf(outside), [416, "range_not_satisfiable"]);
    const changed = await get(path, { Range: "bytes=0-1", "If-Range": '"other"' });
    assertEquals([changed.status, (await changed.bytes()).length], [200, size]);
    for (const tag of ['"c0ffee"', 'W/"x", "c0ffee"', "*"]) {
      const known = await get(path, { "If-None-Match": tag });
      assertEquals([known.status, known.headers.get("ETag"), await known.text()], [304, '"c0ffee"', ""]);
    }
    const leaver = (await get(path)).body!.getReader();
    await leaver.read();
    await leaver.cancel();
  }));

Deno.test("a checkpoint's file that is not listed is not found, whatever its name", () =>
  withApi(async ({ get, checkpoint }) => {
    for (const name of ["config.json", "latentd.sqlite", encodeURIComponent("../latentd.sqlite"), "%00"]) {
      assertEquals((await problemOf(await get(`/v1/checkpoints/${checkpoint.id}/files/${name}`)))[0], 404);
    }
  }));

Deno.test("DELETE /v1/checkpoints/{id} removes row and files, and is refused while something needs it", () =>
  withApi(async ({ app, get, post, store, runner, removed, dataset, checkpoint }) => {
    const path = `/v1/checkpoints/${checkpoint.id}`;
    const remove = async (at = path) => await app.request(at, { method: "DELETE" });
    store.setAlias("best", checkpoint.id);
    const config = { checkpoint: checkpoint.id, k: 5 };
    const knn = await (await post("/v1/jobs", { kind: "knn", dataset: dataset.id, config })).json();
    const refused = await remove();
    const { detail } = await refused.clone().json();
    assertEquals(await problemOf(refused), [409, "conflict"]);
    assertEquals(
      detail,
      `Cannot delete ${checkpoint.id}: the alias best names it; ${knn.id} uses it and is queued`,
    );
    runner.pause(knn.id);
    store.deleteAlias("best");
    assertEquals((await problemOf(await remove()))[0], 409);
    runner.cancel(knn.id);
    const { status, body } = await remove();
    assertEquals([status, body, removed], [204, null, [checkpoint.id]]);
    assertEquals((await problemOf(await get(path)))[0], 404);
    assertEquals((await problemOf(await remove()))[0], 404);
    assertEquals((await problemOf(await remove("/v1/checkpoints/..%2F..%2Fetc")))[0], 404);
    assertEquals((await (await get(`/v1/jobs/${checkpoint.job}/checkpoints`)).json()).data, []);
    assertEquals(store.listEvents(checkpoint.job!, 0, 9).some(({ type }) => type === "checkpoint"), true);
  }));

Deno.test("a checkpoint that goes while it is being read is not found, and no fault", () =>
  withApi(async ({ get, store, checkpoint, act }) => {
    const gone = aCheckpoint(checkpoint.job!), { getCheckpoint } = store;
    let looks = 0;
    store.getCheckpoint = (id) => looks++ === 0 ? gone : getCheckpoint(id);
    const answer = await get(`/v1/checkpoints/${gone.id}/files/config.json`);
    assertEquals([await problemOf(answer), looks], [[404, "not_found"], 2]);
    const going = aCheckpoint(checkpoint.job!);
    store.createCheckpoint(going);
    act.model = (id) => {
      if (id !== going.id) return Promise.resolve(MODEL);
      store.deleteCheckpoint(id);
      return Promise.reject(new DomainError("not_found", "Cannot find it"));
    };
    const { data } = await (await get("/v1/models")).json();
    assertEquals(data.map(({ id }: { id: string }) => id), [checkpoint.id]);
  }));

Deno.test("HEAD of a checkpoint's file gives its length and no body, over a socket", () =>
  withApi(async ({ app, checkpoint }) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, app.fetch);
    const url =
      `http://127.0.0.1:${server.addr.port}/v1/checkpoints/${checkpoint.id}/files/model.safetensors`;
    const head = await fetch(url, { method: "HEAD" });
    assertEquals([head.status, head.headers.get("ETag"), await head.text()], [200, '"c0ffee"', ""]);
    assertEquals(head.headers.get("Content-Length"), String(MODEL_BYTES.length));
    assertEquals(await (await fetch(url)).bytes(), MODEL_BYTES);
    await server.shutdown();
  }));

Deno.test("parseRange() takes one range, and leaves the rest to be answered whole", () => {
  for (
    const header of [
      undefined,
      "",
      "bytes=",
      "bytes=-",
      "bytes=5-2",
      "bytes=0-1,3-4",
      "items=0-1",
      "bytes=a-b",
    ]
  ) {
    assertEquals(parseRange(header, 10), undefined, header);
  }
  assertEquals(parseRange("bytes=0-", 0), "unsatisfiable");
  assertEquals(parseRange("bytes=-0", 10), "unsatisfiable");
  assertEquals(parseRange("bytes=-99", 10), { start: 0, end: 9 });
});
