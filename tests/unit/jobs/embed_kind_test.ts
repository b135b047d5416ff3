import { assertEquals } from "@std/assert";
import { embedKind } from "../../../src/jobs/embed_kind.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

Deno.test("embed: every mistake of a config is told, and every default filled in", () => {
  const store = openSqliteStore(":memory:"), job = aJob(), checkpoint = aCheckpoint(job.id);
  store.createJob(job);
  store.createCheckpoint(checkpoint);
  const dataset = aDataset({ status: "ready", splits: { train: { images: 2, classes: {} } } });
  const check = (config: object, of = dataset) => embedKind.check(store, config, of);
  const { id } = checkpoint,
    defaults = { checkpoint: id, split: null, format: "npy", normalize: false, quality: false };
  assertEquals(check({ checkpoint: id }), { value: defaults, errors: [] });
  assertEquals(check({ checkpoint: id, split: "train", format: "csv", normalize: true }).errors, []);
  const { errors } = check({ checkpoint: "ckpt_x", split: "test", format: "hdf5", normalize: 1, k: 3 });
  assertEquals(errors.map(({ pointer }) => pointer).sort(), [
    ...["#/config/checkpoint", "#/config/format", "#/config/k", "#/config/normalize", "#/config/split"],
  ]);
  assertEquals(
    errors.find(({ pointer }) => pointer === "#/config/split")!.detail,
    `${dataset.id} has no such split, only train`,
  );
  assertEquals(check({}).errors.map(({ pointer }) => pointer), ["#/config/checkpoint"]);
  assertEquals(check({ checkpoint: id, split: "test" }, aDataset()).errors, []); // it is refused for its status
  const one = aDataset({ status: "ready", splits: { train: { images: 1, classes: {} } } });
  assertEquals(check({ checkpoint: id, split: "train", quality: true }, one).errors, [
    { pointer: "#/config/quality", detail: "needs at least 2 images, got 1" },
  ]);
  assertEquals(embedKind.uses(defaults), id);
  store.close();
});
