import { assert, assertEquals, assertRejects } from "@std/assert";
import { Backups } from "../../../src/backup/backups.ts";
import { compareWithDisk } from "../../../src/backup/compare_with_disk.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { Store } from "../../../src/domain/ports.ts";
import { linkTree } from "../../../src/files/link_tree.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

interface Scene {
  dataDir: string;
  store: Store;
  /** Makes an object's directory, with one file in it. */
  put(folder: "datasets" | "checkpoints" | "results", id: string): void;
  /** What lies under a directory, as paths, sorted. */
  under(directory: string): string[];
}
async function scene(check: (scene: Scene) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir(),
    store = openSqliteStore(`${dataDir}/latentd.sqlite`, undefined, Deno.copyFile);
  const under = (directory: string): string[] =>
    [...Deno.readDirSync(directory)].flatMap(({ name, isDirectory }) =>
      isDirectory ? [name, ...under(`${directory}/${name}`).map((path) => `${name}/${path}`)] : [name]
    ).sort();
  const put = (folder: string, id: string) => {
    Deno.mkdirSync(`${dataDir}/${folder}/${id}`, { recursive: true });
    Deno.writeTextFileSync(`${dataDir}/${folder}/${id}/file`, id);
  };
  try {
    await check({ dataDir, store, put, under });
  } finally {
    store.close();
    await Deno.remove(dataDir, { recursive: true });
  }
}

Deno.test("Backups.create() takes what is listed at that moment, and nothing else", () =>
  scene(async ({ dataDir, store, put, under }) => {
    const dataset = aDataset(), gone = aDataset(), job = aJob(), checkpoint = aCheckpoint(job.id);
    for (const one of [dataset, gone]) store.createDataset(one);
    store.createJob(job);
    store.createCheckpoint(checkpoint);
    const made = aJob({ result: { files: [{ name: "file", bytes: 30, sha256: "ab" }] } });
    store.createJob(made);
    put("datasets", dataset.id);
    put("checkpoints", checkpoint.id);
    put("results", made.id);
    put("results", job.id); // it lists none
    put("checkpoints", newId("ckpt")); // not listed
    const held: string[] = [];
    const backups = new Backups({
      ...{ dataDir, store },
      copyDataset: async (from, to) => {
        held.push("copied");
        store.createCheckpoint(aCheckpoint(job.id)); // later than that moment
        return await linkTree(from, to);
      },
      hold: () => {
        held.push("held");
        return () => held.push("let go");
      },
    });
    const backup = await backups.create(), directory = `${dataDir}/${backup.path}`;
    assertEquals(held, ["held", "copied", "let go"]);
    assertEquals([backup.datasets, backup.checkpoints, backup.missing], [2, 1, [gone.id]]);
    assertEquals(
      under(directory),
      [
        ...[
          "backup.json",
          "checkpoints",
          `checkpoints/${checkpoint.id}`,
          `checkpoints/${checkpoint.id}/file`,
        ],
        ...["datasets", `datasets/${dataset.id}`, `datasets/${dataset.id}/file`, "latentd.sqlite"],
        ...["results", `results/${made.id}`, `results/${made.id}/file`],
      ].sort(),
    );
    assertEquals(await backups.list(), [backup]);
    const restored = openSqliteStore(`${directory}/latentd.sqlite`);
    assertEquals(restored.listCheckpoints({}, { limit: 9 }).data, [checkpoint]);
    assertEquals(restored.getJob(job.id), store.getJob(job.id));
    restored.close();

    await backups.remove(backup.id);
    assertEquals([await backups.list(), under(`${dataDir}/backups`)], [[], []]);
    for (const id of [backup.id, "../x"]) {
      assertEquals(
        (await assertRejects(() => backups.remove(id), DomainError) as DomainError).code,
        "not_found",
      );
    }
  }));

Deno.test("Backups makes one at a time, leaves nothing of one that fails, and lets go", () =>
  scene(async ({ dataDir, store, put, under }) => {
    const dataset = aDataset();
    store.createDataset(dataset);
    put("datasets", dataset.id);
    const { promise, resolve } = Promise.withResolvers<void>();
    let releases = 0;
    const backups = new Backups({
      ...{ dataDir, store },
      copyDataset: async () => {
        await promise;
        throw Object.assign(new Error("no room"), { code: "ENOSPC" });
      },
      hold: () => () => void releases++,
    });
    const first = backups.create();
    const second = await assertRejects(() => backups.create(), DomainError) as DomainError;
    resolve();
    const full = await assertRejects(() => first, DomainError) as DomainError;
    assertEquals([second.code, full.code, releases], ["conflict", "disk_full", 1]);
    assertEquals(under(`${dataDir}/backups`), []);
    await Deno.mkdir(`${dataDir}/backups/.${newId("bak")}.tmp/datasets`, { recursive: true }); // killed over it
    await Deno.mkdir(`${dataDir}/backups/mine`);
    await backups.sweep();
    assertEquals(under(`${dataDir}/backups`), ["mine"]);
  }));

Deno.test("compareWithDisk() tells what either side lacks, and touches nothing", () =>
  scene(async ({ dataDir, store, put, under }) => {
    assertEquals(await compareWithDisk(store, `${dataDir}/none`), { unlisted: [], missing: [] });
    const [here, lost] = [aDataset(), aDataset()], job = aJob();
    const [kept, damaged] = [aCheckpoint(job.id), aCheckpoint(job.id)];
    const orphans = [newId("ds"), newId("ckpt"), newId("job")];
    const files = [{ name: "file", bytes: 30, sha256: "ab" }];
    const [made, unmade] = [aJob({ result: { files } }), aJob({ result: { files } })];
    for (const one of [made, unmade]) store.createJob(one);
    for (const id of [made.id, job.id, orphans[2]]) put("results", id); // a job that runs may have some before it lists them
    for (const one of [here, lost]) store.createDataset(one);
    store.createJob(job);
    for (const one of [kept, damaged]) store.createCheckpoint(one);
    for (const id of [here.id, orphans[0]]) put("datasets", id);
    for (const id of [kept.id, orphans[1], "notes"]) put("checkpoints", id);
    const before = under(dataDir);
    assertEquals(await compareWithDisk(store, dataDir), {
      unlisted: orphans,
      missing: [lost.id, damaged.id, unmade.id],
    });
    assertEquals(under(dataDir), before);
    assert(before.includes("checkpoints/notes"));
  }));
