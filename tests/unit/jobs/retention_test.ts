import { assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { CheckpointLibrary, Store } from "../../../src/domain/ports.ts";
import { CheckpointRetention, checkpointsToRemove } from "../../../src/jobs/retention.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aJob } from "../../contract/store_contract.ts";

/** Checkpoints of steps in the order they were made, latest first; ids are their places in that order. */
const made = (...steps: number[]) => steps.map((step, i) => ({ id: String(i), step, metrics: {} })).reverse();
const keep = (keep_last: number | null, keep_every: number | null = null) => ({
  ...{ every_steps: 1, keep_last, keep_every },
});
/** The steps that go, newest first. */
const gone = (
  checkpoints: { id: string; step: number; metrics: Record<string, number> }[],
  config: ReturnType<typeof keep>,
  options: { ended: boolean; needed?: ReadonlySet<string> } = { ended: true },
) =>
  checkpointsToRemove(checkpoints, config, options).map((id) => checkpoints.find((c) => c.id === id)!.step);

Deno.test("checkpointsToRemove() keeps the first, the latest, and those for good", () => {
  const ten = made(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  assertEquals(gone(ten, keep(3)), [6, 5, 4, 3, 2, 1]);
  assertEquals(gone(ten, keep(1)), [8, 7, 6, 5, 4, 3, 2, 1]);
  assertEquals(gone(ten, keep(3, 4)), [6, 5, 3, 2, 1]);
  assertEquals(gone(ten, keep(3, 1)), []);
  assertEquals(gone(ten, keep(100)), []);
  assertEquals(gone(ten, keep(null)), []);
  assertEquals(gone([], keep(1)), []);
  assertEquals(gone(made(0), keep(1)), []);
  assertEquals(gone(made(5), keep(1)), []);
  assertEquals(gone(made(0, 5), keep(1)), []);
});

Deno.test("checkpointsToRemove() keeps the newest from before a run showed signs of collapse", () => {
  const nine = made(0, 1, 2, 3, 4, 5, 6, 7, 8).map((checkpoint) => ({
    ...checkpoint,
    metrics: (checkpoint.step > 3 ? { suspect: 1 } : {}) as Record<string, number>,
  }));
  assertEquals(gone(nine, keep(2)), [6, 5, 4, 2, 1]);
  assertEquals(gone(nine.filter(({ step }) => step > 3), keep(2)), [6, 5, 4]);
});

Deno.test("checkpointsToRemove() keeps two to go on from until the job has ended", () => {
  const five = made(0, 1, 2, 3, 4);
  assertEquals(gone(five, keep(1), { ended: false }), [2, 1]);
  assertEquals(gone(five, keep(1), { ended: true }), [3, 2, 1]);
  assertEquals(gone(five, keep(3), { ended: false }), [1]);
});

Deno.test("checkpointsToRemove() keeps what is needed, and it does not count among the latest", () => {
  const six = made(0, 1, 2, 3, 4, 5);
  assertEquals(gone(six, keep(2), { ended: true, needed: new Set(["1", "3"]) }), [2]);
  assertEquals(gone(six, keep(2), { ended: true, needed: new Set(["5"]) }), [3, 2, 1]);
});

Deno.test("checkpointsToRemove() keeps the newest of several of a step", () => {
  // The third was damaged: the second attempt went on from step 8, and made 16 again.
  const again = made(0, 8, 16, 16, 24);
  assertEquals(checkpointsToRemove(again, keep(null), { ended: false }), ["2"]);
  assertEquals(checkpointsToRemove(again, keep(1), { ended: false }), ["2", "1"]);
  const back = made(0, 8, 16, 24, 16); // the latest is the one made last, whatever its step
  assertEquals(checkpointsToRemove(back, keep(1), { ended: true }), ["3", "2", "1"]);
  assertEquals(checkpointsToRemove(made(0, 8, 0), keep(1, 8), { ended: true }), ["0"]);
  const needed = new Set(["2"]);
  assertEquals(checkpointsToRemove(again, keep(null), { ended: false, needed }), []);
});

/** A retention over a real store and a library of names. */
async function scene(
  check: (s: { store: Store; retention: CheckpointRetention; files: Set<string> }) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore(":memory:"), files = new Set<string>();
  const library = {
    remove: (id: string) => Promise.resolve(void files.delete(id)),
  } as CheckpointLibrary;
  try {
    await check({ store, files, retention: new CheckpointRetention({ store, library }) });
  } finally {
    store.close();
  }
}
const checkpoint = { every_steps: 1, keep_last: 1, keep_every: null };

Deno.test("CheckpointRetention keeps what an unfinished job uses, and lets it go when that has ended", () =>
  scene(async ({ store, retention, files }) => {
    const job = aJob({ config: { arch: "cifar_resnet8", checkpoint } });
    store.createJob(job);
    store.claimJob();
    const list = [0, 1, 2, 3].map((step) => aCheckpoint(job.id, { step }));
    for (const one of list) {
      store.createCheckpoint(one);
      files.add(one.id);
    }
    const knn = aJob({ kind: "knn", config: { checkpoint: list[1].id } });
    const again = aJob({ config: { arch: "cifar_resnet8", init: list[2].id } });
    for (const user of [knn, again]) store.createJob(user);
    store.moveJob(knn.id, "paused");
    retention.settle(store.moveJob(job.id, "succeeded", { result: {} }));
    await retention.idle();
    assertEquals([...files], list.map(({ id }) => id));
    retention.settle(store.moveJob(knn.id, "cancelled"));
    await retention.idle();
    assertEquals([...files], [0, 2, 3].map((i) => list[i].id));
    retention.settle(store.moveJob(again.id, "cancelled"));
    await retention.idle();
    assertEquals([...files], [0, 3].map((i) => list[i].id));
    assertEquals(store.listEvents(job.id, 0, 99).filter(({ type }) => type === "checkpoint").length, 4);
  }));

Deno.test("CheckpointRetention.remove() refuses what a paused job would go on from", () =>
  scene(async ({ store, retention }) => {
    const job = aJob(),
      [older, newest] = [aCheckpoint(job.id, { step: 1 }), aCheckpoint(job.id, { step: 2 })];
    store.createJob(job);
    for (const one of [older, newest]) store.createCheckpoint(one);
    const { id } = newest;
    store.moveJob(job.id, "paused");
    const refused = await assertRejects(() => retention.remove(id), DomainError) as DomainError;
    assertEquals([refused.code, refused.message], [
      ...["conflict", `Cannot delete ${id}: ${job.id}, whose latest it is, is paused`],
    ]);
    await retention.remove(older.id);
    store.moveJob(job.id, "cancelled");
    await retention.remove(id);
    assertEquals(store.listCheckpoints({ job: job.id }, { limit: 9 }).data, []);
    const unknown = await assertRejects(() => retention.remove(id), DomainError) as DomainError;
    assertEquals(unknown.code, "not_found");
  }));

Deno.test("CheckpointRetention.hold() keeps files whose rows go, until it is let go", () =>
  scene(async ({ store, retention, files }) => {
    const job = aJob({ status: "cancelled" }), [one, two] = [aCheckpoint(job.id), aCheckpoint(job.id)];
    store.createJob(job);
    for (const checkpoint of [one, two]) store.createCheckpoint(checkpoint);
    files.add(one.id).add(two.id);
    const release = retention.hold(), removed = retention.remove(one.id);
    retention.discard(two.id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals([store.getCheckpoint(one.id), [...files]], [undefined, [one.id, two.id]]);
    release();
    await removed;
    await retention.idle();
    assertEquals([...files], []);
  }));

Deno.test("CheckpointRetention goes on when files cannot be removed, and the row is gone all the same", async () => {
  const store = openSqliteStore(":memory:"), job = aJob({ status: "cancelled" }), one = aCheckpoint(job.id);
  store.createJob(job);
  store.createCheckpoint(one);
  const library = { remove: () => Promise.reject(new Error("read-only")) } as unknown as CheckpointLibrary;
  const { error: log } = console;
  console.error = () => {};
  await new CheckpointRetention({ store, library }).remove(one.id);
  console.error = log;
  assertEquals(store.getCheckpoint(one.id), undefined);
  store.close();
});
