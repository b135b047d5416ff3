import { assertEquals } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { aJob } from "../../contract/store_contract.ts";
import { MODEL_BYTES, problemOf, withApi } from "./api_scene.ts";

Deno.test("a job's files are listed, and come whole, in ranges, or not at all if they are known", () =>
  withApi(async ({ app, get, store, dataset }) => {
    const file = { name: "model.safetensors", bytes: MODEL_BYTES.length, sha256: "c0ffee" };
    const listed = [file, { ...file, name: "rows.csv" }, { ...file, name: "a.json" }];
    const job = aJob({ dataset: dataset.id, status: "succeeded", result: { files: listed } });
    store.createJob(job);
    const { object, data, has_more } = await (await get(`/v1/jobs/${job.id}/files`)).json();
    assertEquals([object, data, has_more], ["list", listed, false]);
    const path = `/v1/jobs/${job.id}/files/${file.name}`, whole = await get(path);
    assertEquals([whole.status, whole.headers.get("ETag")], [200, '"c0ffee"']);
    assertEquals(whole.headers.get("Content-Disposition"), `attachment; filename="${job.id}.${file.name}"`);
    assertEquals(await whole.bytes(), MODEL_BYTES);
    const part = await get(path, { Range: "bytes=-5", "If-Range": '"c0ffee"' });
    assertEquals([part.status, await part.bytes()], [206, MODEL_BYTES.subarray(-5)]);
    assertEquals((await get(path, { "If-None-Match": '"c0ffee"' })).status, 304);
    assertEquals(await problemOf(await get(path, { Range: "bytes=999999-" })), [
      416,
      "range_not_satisfiable",
    ]);
    for (const [name, type] of [["rows.csv", "text/csv; charset=utf-8"], ["a.json", "application/json"]]) {
      const head = await app.request(`/v1/jobs/${job.id}/files/${name}`, { method: "HEAD" });
      assertEquals([head.status, head.headers.get("Content-Type"), await head.text()], [200, type, ""]);
    }
  }));

Deno.test("a job without files has none, and what is not listed is not found, whatever its name", () =>
  withApi(async ({ get, store, dataset }) => {
    for (const result of [null, { top1: 1 }, { files: "x" }]) {
      const job = aJob({ dataset: dataset.id, result });
      store.createJob(job);
      assertEquals((await (await get(`/v1/jobs/${job.id}/files`)).json()).data, []);
      for (const name of ["model.safetensors", "latentd.sqlite", "..%2Flatentd.sqlite", "%00"]) {
        assertEquals(await problemOf(await get(`/v1/jobs/${job.id}/files/${name}`)), [404, "not_found"]);
      }
    }
    assertEquals((await problemOf(await get(`/v1/jobs/${newId("job")}/files`)))[0], 404);
    assertEquals((await problemOf(await get(`/v1/jobs/job_1/files/a`)))[0], 404);
  }));
