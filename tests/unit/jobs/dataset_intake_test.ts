import { assert, assertEquals, assertRejects } from "@std/assert";
import type { DatasetSummary } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { DatasetLibrary } from "../../../src/domain/ports.ts";
import { DatasetIntake } from "../../../src/jobs/dataset_intake.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aDataset, aJob } from "../../contract/store_contract.ts";

const SUMMARY: DatasetSummary = {
  ...{ counts: { images: 2, rejected: 0, bytes: 3 }, splits: { train: { images: 2, classes: {} } } },
  ...{ channel_mean: null, channel_std: null, fingerprint: "sha256:00" },
  ...{ duplicates: null, warnings: [] },
};
const SETTINGS = { short_side: 64, max_rejected: 0.5 };
const body = (text = "tar") => ({ body: new Response(text).body! });
const list = (store: ReturnType<typeof openSqliteStore>) => store.listDatasets({ limit: 10 }).data;

function library(more: Partial<DatasetLibrary> = {}): DatasetLibrary & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    receive: async (id, upload) => {
      calls.push(`receive ${id}`);
      return !("body" in upload) ? 0 : (await new Response(upload.body).bytes()).length;
    },
    sweep: () => Promise.resolve([]),
    ingest: (id, name) => (calls.push(`ingest ${id} ${name}`), Promise.resolve(SUMMARY)),
    remove: (id) => (calls.push(`remove ${id}`), Promise.resolve()),
    items: () => Promise.reject(new Error("unused")),
    original: () => Promise.reject(new Error("unused")),
    image: () => Promise.reject(new Error("unused")),
    rejected: () => Promise.reject(new Error("unused")),
    duplicates: () => Promise.reject(new Error("unused")),
    ...more,
  };
}

Deno.test("DatasetIntake.accept() answers when the upload is kept, and ingests behind", async () => {
  const store = openSqliteStore(":memory:"),
    shelf = library(),
    intake = new DatasetIntake({ store, library: shelf });
  const dataset = await intake.accept("photos", body(), SETTINGS);
  assertEquals([dataset.status, dataset.counts.bytes], ["ingesting", 3]);
  await intake.idle();
  assertEquals(store.getDataset(dataset.id), { ...dataset, ...SUMMARY, status: "ready" });
  store.close();
});

Deno.test("DatasetIntake passes on what the upload is to be read as, after a restart too", async () => {
  const store = openSqliteStore(":memory:"), formats: unknown[] = [];
  const ingest: DatasetLibrary["ingest"] = (_id, _name, { settings }) => {
    formats.push(settings.format);
    return Promise.resolve(SUMMARY);
  };
  const first = new DatasetIntake({ store, library: library({ ingest }) });
  await first.accept("photos", body(), SETTINGS);
  await first.idle();
  first.stop();
  await first.accept("shard", body(), { ...SETTINGS, format: "webdataset" });
  await first.idle();
  const second = new DatasetIntake({ store, library: library({ ingest }) });
  second.resume();
  await second.idle();
  assertEquals(formats, [undefined, "webdataset"]);
  store.close();
});

Deno.test("DatasetIntake.accept() lists nothing of an upload that broke off, and clears it", async () => {
  const store = openSqliteStore(":memory:");
  const shelf = library({ receive: () => Promise.reject(new DomainError("too_large", "no")) });
  const intake = new DatasetIntake({ store, library: shelf });
  assertEquals(
    (await assertRejects(() => intake.accept("photos", body(), SETTINGS), DomainError)).code,
    "too_large",
  );
  assertEquals([list(store).length, shelf.calls.length], [0, 1]);
  store.close();
});

Deno.test("DatasetIntake settles an unreadable archive as failed, and goes on with the next", async () => {
  const store = openSqliteStore(":memory:");
  let count = 0;
  const shelf = library({
    ingest: () =>
      ++count === 1
        ? Promise.reject(new DomainError("malformed", "cut off at byte 512"))
        : Promise.resolve(SUMMARY),
  });
  const intake = new DatasetIntake({ store, library: shelf });
  const [bad, good] = [
    await intake.accept("bad", body(), SETTINGS),
    await intake.accept("good", body(), SETTINGS),
  ];
  await intake.idle();
  assertEquals(store.getDataset(bad.id)!.error, { code: "malformed", message: "cut off at byte 512" });
  assertEquals([store.getDataset(bad.id)!.status, store.getDataset(good.id)!.status], ["failed", "ready"]);
  store.close();
});

Deno.test("DatasetIntake.resume() takes up what a dead server left", async () => {
  const store = openSqliteStore(":memory:"), shelf = library();
  const stopped = new DatasetIntake({ store, library: shelf });
  stopped.stop();
  const { id } = await stopped.accept("photos", body(), SETTINGS);
  await stopped.idle();
  assertEquals(store.getDataset(id)!.status, "ingesting");
  const intake = new DatasetIntake({ store, library: shelf });
  intake.resume();
  await intake.idle();
  assertEquals([store.getDataset(id)!.status, shelf.calls.at(-1)], ["ready", `ingest ${id} photos`]);
  store.close();
});

Deno.test("DatasetIntake.remove() refuses while a job that has not ended uses the dataset", async () => {
  const store = openSqliteStore(":memory:"),
    shelf = library(),
    intake = new DatasetIntake({ store, library: shelf });
  const dataset = aDataset({ status: "ready" }), job = aJob({ dataset: dataset.id });
  store.createDataset(dataset);
  store.createJob(job);
  for (const status of ["queued", "running", "queued", "paused"] as const) {
    if (store.getJob(job.id)!.status !== status) store.moveJob(job.id, status);
    assertEquals((await assertRejects(() => intake.remove(dataset.id), DomainError)).code, "conflict");
  }
  store.moveJob(job.id, "cancelled");
  await intake.remove(dataset.id);
  assertEquals([list(store), shelf.calls], [[], [`remove ${dataset.id}`]]);
  assertEquals((await assertRejects(() => intake.remove(newId("ds")), DomainError)).code, "not_found");
  store.close();
});

Deno.test("DatasetIntake.remove() gives up an ingest under way, and one that waits, and goes on with the next", async () => {
  const store = openSqliteStore(":memory:"), begun = Promise.withResolvers<void>();
  const order: string[] = [];
  const shelf = library({
    ingest: (id, name, { signal, onProgress }) => {
      order.push(`ingest ${name}`);
      if (name !== "long") return Promise.resolve(SUMMARY);
      onProgress!({ images: 5, rejected: 1, bytesRead: 10, bytesTotal: 40 });
      begun.resolve();
      return new Promise((_, reject) =>
        signal!.addEventListener("abort", () =>
          // What is written is gone a little later only.
          setTimeout(() => (order.push(`gave up ${id}`), reject(signal!.reason)), 5))
      );
    },
    remove: (id) => (order.push(`remove ${id}`), Promise.resolve()),
  });
  const intake = new DatasetIntake({ store, library: shelf });
  const [long, waiting, next] = [
    await intake.accept("long", body(), SETTINGS),
    await intake.accept("waiting", body(), SETTINGS),
    await intake.accept("next", body(), SETTINGS),
  ];
  await begun.promise;
  const { images, rejected, bytes_read, bytes_total, images_per_s, eta_s } = intake.progress(long.id)!;
  assertEquals([images, rejected, bytes_read, bytes_total], [5, 1, 10, 40]);
  assert(images_per_s > 0 && eta_s! > 0);
  assertEquals(intake.progress(next.id), undefined);
  await intake.remove(waiting.id);
  await intake.remove(long.id);
  await intake.idle();
  assert(order.indexOf(`gave up ${long.id}`) < order.indexOf(`remove ${long.id}`));
  assert(!order.includes("ingest waiting"));
  assertEquals(list(store).map(({ id, status }) => [id, status]), [[next.id, "ready"]]);
  assertEquals(intake.progress(long.id), undefined);
  store.close();
});

Deno.test("DatasetIntake.add() makes a dataset ingest again, whatever comes while it does", async () => {
  const store = openSqliteStore(":memory:"), gates: (() => void)[] = [];
  const ingest = () => new Promise<DatasetSummary>((resolve) => gates.push(() => resolve(SUMMARY)));
  const shelf = library({ ingest }), intake = new DatasetIntake({ store, library: shelf });
  const { id } = await intake.accept("shards", body(), SETTINGS);
  const open = async () => {
    while (gates.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    gates.shift()!();
  };
  assertEquals((await intake.add(id, body())).status, "ingesting"); // while the first is being ingested
  await open();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(store.getDataset(id)!.status, "ingesting", "a part is still to come");
  await open();
  await intake.idle();
  assertEquals(store.getDataset(id)!.status, "ready");
  assertEquals((await intake.add(id, body())).status, "ingesting"); // and when it was ready
  await open();
  await intake.idle();
  assertEquals([store.getDataset(id)!.status, shelf.calls.length], ["ready", 3]);
  store.close();
});

Deno.test("DatasetIntake.add() that keeps nothing leaves the dataset as it was", async () => {
  const store = openSqliteStore(":memory:");
  let fails = false;
  const shelf: DatasetLibrary = library({
    receive: () => fails ? Promise.reject(new DomainError("disk_full", "no room")) : Promise.resolve(3),
  });
  const intake = new DatasetIntake({ store, library: shelf });
  const { id } = await intake.accept("shards", body(), SETTINGS);
  await intake.idle();
  fails = true;
  const { code } = await assertRejects(() => intake.add(id, body()), DomainError) as DomainError;
  assertEquals(code, "disk_full");
  await intake.idle();
  assertEquals(store.getDataset(id)!.status, "ready");
  store.close();
});

Deno.test("DatasetIntake.add() refuses a dataset that is not there, has failed, or is used", async () => {
  const store = openSqliteStore(":memory:"), intake = new DatasetIntake({ store, library: library() });
  const used = aDataset({ status: "ready" }), failed = aDataset({ status: "failed" });
  store.createDataset(used);
  store.createDataset(failed);
  store.createJob(aJob({ dataset: used.id }));
  for (const [id, expected] of [[newId("ds"), "not_found"], [failed.id, "conflict"], [used.id, "conflict"]]) {
    const { code } = await assertRejects(() => intake.add(id, body()), DomainError) as DomainError;
    assertEquals(code, expected);
  }
  assertEquals(store.getDataset(used.id)!.status, "ready");
  store.close();
});

Deno.test("DatasetIntake settles a dataset once a full disk has room for that, and no other waits for ever", async () => {
  const store = openSqliteStore(":memory:");
  let full = 3;
  const settleDataset: typeof store.settleDataset = (id, to) => {
    if (full-- > 0) throw new DomainError("disk_full", "the disk is full");
    store.settleDataset(id, to);
  };
  const { error } = console, said: string[] = [];
  console.error = (line: string) => said.push(line);
  try {
    const intake = new DatasetIntake({ store: { ...store, settleDataset }, library: library(), retryMs: 1 });
    const first = await intake.accept("first", body(), SETTINGS);
    const second = await intake.accept("second", body(), SETTINGS);
    await intake.idle();
    assertEquals([first, second].map(({ id }) => store.getDataset(id)!.status), ["ready", "ready"]);
    assertEquals(said.length, 3);

    full = Infinity;
    const third = await intake.accept("third", body(), SETTINGS);
    while (said.length < 5) await new Promise((resolve) => setTimeout(resolve, 1));
    await intake.remove(third.id); // given up at once
    await intake.idle();
    assertEquals(store.getDataset(third.id), undefined);
  } finally {
    console.error = error;
  }
  store.close();
});
