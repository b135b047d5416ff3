import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { copyCommand } from "../../../src/supervisor/commands.ts";
import { copyByChild } from "../../../src/supervisor/file_copier.ts";
import { aDataset, aJob } from "../../contract/store_contract.ts";

const main = fromFileUrl(new URL("../../../main.ts", import.meta.url));
/** More than SQLite would leave in its log by itself: 1000 pages of 4 KiB. */
const MANY = 600, TEXT = "x".repeat(10_000), LOG_BYTES = 1000 * 4096;

async function withDirectory(check: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await check(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a snapshot is of one moment, whatever is written while its file is copied", () =>
  withDirectory(async (directory) => {
    const [file, copy] = [`${directory}/a.sqlite`, `${directory}/b.sqlite`];
    const write = (job: string) => {
      for (let n = 0; n < MANY; n++) store.appendEvent(job, "message", { text: TEXT });
      store.createDataset(aDataset()); // a commit after which SQLite looks how long its log is
    };
    const store = openSqliteStore(file, undefined, async (from, to) => {
      write(job.id);
      await Deno.copyFile(from, to);
    });
    const dataset = aDataset(), job = aJob();
    store.createDataset(dataset);
    store.createJob(job);
    const before = store.listEvents(job.id, 0, 10_000).length;
    assertEquals(await store.snapshot(copy), { datasets: [dataset.id], checkpoints: [], results: [] });
    assert(Deno.statSync(`${file}-wal`).size > LOG_BYTES, "too little was written to matter");
    const db = new DatabaseSync(copy);
    assertEquals({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
    db.close();
    const restored = openSqliteStore(copy);
    assertEquals(restored.listDatasets({ limit: 9 }).data, [dataset]);
    assertEquals(restored.listEvents(job.id, 0, 10_000).length, before);
    restored.close();

    const { size } = Deno.statSync(file);
    write(job.id); // the log goes into the file again
    assert(Deno.statSync(file).size > size, "the log is kept apart for good");
    assertEquals(store.listEvents(job.id, 0, 10_000).length, before + 2 * MANY);
    store.close();
  }));

Deno.test("two snapshots at once are made one after the other; one of a store that closes is none", () =>
  withDirectory(async (directory) => {
    let copying = 0, most = 0;
    const store = openSqliteStore(`${directory}/a.sqlite`, undefined, async (from, to) => {
      most = Math.max(most, ++copying);
      await Deno.copyFile(from, to);
      copying--;
    });
    await Promise.all(["b", "c"].map((name) => store.snapshot(`${directory}/${name}.sqlite`)));
    assertEquals(most, 1);
    const cut = store.snapshot(`${directory}/d.sqlite`);
    await Promise.resolve();
    store.close();
    await assertRejects(() => cut, Error);
  }));

Deno.test("a file is copied by a child, which says why it cannot", () =>
  withDirectory(async (directory) => {
    const [from, to] = [`${directory}/from`, `${directory}/to`];
    await Deno.writeTextFile(from, "as it is");
    await copyByChild(copyCommand(main, from, to));
    assertEquals(await Deno.readTextFile(to), "as it is");
    const copy = (from: string, to: string) => copyByChild(copyCommand(main, from, to));
    await assertRejects(() => copy(`${directory}/none`, to), Error, "No such file");
    // The child's error keeps its system's code, by which a full disk is known.
    const taken = await assertRejects(() => copy(from, directory), Error) as Error & { code?: string };
    assertEquals(taken.code, "EISDIR", taken.message);
  }));
