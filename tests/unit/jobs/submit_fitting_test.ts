import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { Planner } from "../../../src/domain/planner.ts";
import type { Store } from "../../../src/domain/ports.ts";
import type { Work } from "../../../src/domain/work.ts";
import { submitFittingJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aDataset } from "../../contract/store_contract.ts";

const ALL = { limit: 100 };
const tooLarge = new DomainError("invalid", "Cannot train with batch 16: the largest batch that fits is 8", {
  ...{ type: "does_not_fit", errors: [{ pointer: "#/config/batch", detail: "the largest that fits is 8" }] },
});

/** A store with a dataset, the body of a job on it, and a planner that does as told. */
async function scene(
  expectFit: Planner["expectFit"],
  check: (
    store: Store,
    submit: (batch: number, key?: string) => ReturnType<typeof submitFittingJob>,
  ) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore(":memory:"),
    dataset = aDataset({
      ...{ status: "ready", channel_mean: [0.5, 0.5, 0.5], channel_std: [0.2, 0.2, 0.2] },
      splits: { train: { images: 64, classes: {} } },
    });
  store.createDataset(dataset);
  const submit = (batch: number, key?: string) => {
    const config = { arch: "cifar_resnet8", batch, steps: 2, evaluate: null };
    return submitFittingJob({ store, planner: { expectFit } }, {
      kind: "pretrain",
      dataset: dataset.id,
      config,
    }, key);
  };
  try {
    await check(store, submit);
  } finally {
    store.close();
  }
}

Deno.test("submitFittingJob() queues nothing that does not fit", () => {
  const asked: Work[] = [];
  return scene((_dataset, work) => {
    asked.push(work);
    return work.kind === "pretrain" && work.config.batch > 8 ? Promise.reject(tooLarge) : Promise.resolve();
  }, async (store, submit) => {
    assertEquals(await assertRejects(() => submit(16, "a-key"), DomainError), tooLarge);
    assertEquals(store.listJobs({}, ALL).data, []);
    const job = await submit(8, "a-key"); // the key is still free
    assertEquals([job.status, job.config.batch], ["queued", 8]);
    assertEquals((await submit(8, "a-key")).id, job.id);
    assertEquals(asked.length, 2, "what is there already is not asked for again");
    assert(asked[1].kind === "pretrain" && asked[1].config.total_steps === 2, "it is resolved");
    await assertRejects(() => submit(0), DomainError); // a mistake is told without
    assertEquals(asked.length, 2);
  });
});

Deno.test("submitFittingJob() makes one job of one body that is sent twice while its plan is made", () => {
  const gate = Promise.withResolvers<void>();
  return scene(() => gate.promise, async (store, submit) => {
    const both = [submit(8), submit(8), submit(8, "a-key"), submit(8, "a-key")];
    gate.resolve();
    const ids = (await Promise.all(both)).map(({ id }) => id);
    assertEquals([ids[0] === ids[1], ids[2] === ids[3], ids[0] === ids[2]], [true, true, false]);
    assertEquals(store.listJobs({}, ALL).data.length, 2);
  });
});
