import { assertEquals } from "@std/assert";
import { IndexUpkeep } from "../../../src/jobs/index_upkeep.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

Deno.test("IndexUpkeep removes the indexes of what is gone or has changed, and no other", async () => {
  const directory = await Deno.makeTempDir(), store = openSqliteStore(`${directory}/latentd.sqlite`);
  const dataset = aDataset({ status: "ready", fingerprint: "sha256:aa" });
  store.createDataset(dataset);
  const job = aJob({ dataset: dataset.id, status: "cancelled" });
  store.createJob(job);
  const checkpoints = [aCheckpoint(job.id), aCheckpoint(job.id)].map((checkpoint) => {
    store.createCheckpoint(checkpoint);
    return checkpoint.id;
  });
  const [a, b] = checkpoints;
  const of = (checkpoint: string, fingerprint: string) => ({
    name: `${checkpoint} ${fingerprint}`,
    checkpoint,
    fingerprint,
  });
  const there = [of(a, "sha256:aa"), of(b, "sha256:aa"), of(a, "sha256:bb"), of("ckpt_x", "sha256:aa")];
  const wanted: boolean[][] = [];
  const upkeep = new IndexUpkeep({
    store,
    library: {
      sweep: () => Promise.resolve(void there.pop()),
      list: () => Promise.resolve([...there]),
      remove: (name) => Promise.resolve(void there.splice(there.findIndex((one) => one.name === name), 1)),
    },
    finder: { giveUp: (isWanted) => Promise.resolve(void wanted.push(there.map(isWanted))) },
  });
  there.push(of(a, "sha256:aa")); // not finished, say
  await upkeep.start();
  assertEquals(there, [of(a, "sha256:aa"), of(b, "sha256:aa")]);
  assertEquals(wanted, [[true, true, false, false]]);
  store.deleteCheckpoint(b);
  await Promise.all([upkeep.tidy(), upkeep.tidy()]);
  assertEquals(there, [of(a, "sha256:aa")]);
  store.deleteDataset(dataset.id);
  await upkeep.tidy();
  assertEquals(there, []);
  store.close();
  await Deno.remove(directory, { recursive: true });
});
