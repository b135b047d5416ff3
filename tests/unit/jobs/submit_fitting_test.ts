import { assert, assertEquals, assertRejects } from "@std/assert";
import { DomainError, type Failure } from "../../../src/domain/errors.ts";
import type { Planner, WorkPlan } from "../../../src/domain/planner.ts";
import type { Store } from "../../../src/domain/ports.ts";
import type { Work } from "../../../src/domain/work.ts";
import { submitFittingJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aDataset } from "../../contract/store_contract.ts";

const ALL = { limit: 100 };
const refusal: Failure = {
  ...{ code: "invalid", message: "Cannot train with batch 16: the largest batch that fits is 8" },
  ...{ type: "does_not_fit", errors: [{ pointer: "#/config/batch", detail: "the largest that fits is 8" }] },
};
const planned = (fits: boolean): WorkPlan => ({
  memory: {
    ...{ bytes: 10, available_bytes: 9, fits, largest_batch: 8 },
    ...fits ? {} : { refusal },
  },
  ...{ steps: 2, steps_per_epoch: 4, images: 16, flops: [] },
});

/** A store with a dataset, the body of a job on it, and a planner that does as told. */
async function scene(
  plan: Planner["plan"],
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
    return submitFittingJob({ store, planner: { plan } }, {
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
  return scene(({ work }) => {
    asked.push(work);
    return Promise.resolve(planned(!(work.kind === "pretrain" && work.config.batch > 8)));
  }, async (store, submit) => {
    const { message, options } = await assertRejects(() => submit(16, "a-key"), DomainError) as DomainError;
    assertEquals([message, options.type, options.errors], [refusal.message, "does_not_fit", refusal.errors]);
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
  return scene(() => gate.promise.then(() => planned(true)), async (store, submit) => {
    const both = [submit(8), submit(8), submit(8, "a-key"), submit(8, "a-key")];
    gate.resolve();
    const ids = (await Promise.all(both)).map(({ id }) => id);
    assertEquals([ids[0] === ids[1], ids[2] === ids[3], ids[0] === ids[2]], [true, true, false]);
    assertEquals(store.listJobs({}, ALL).data.length, 2);
  });
});

Deno.test("submitFittingJob() queues what no plan could be made of: the run will tell", async () => {
  const invalid = new DomainError("invalid", "Cannot choose labels");
  for (const plan of [() => Promise.resolve(undefined), () => Promise.reject(invalid)]) {
    await scene(plan, async (_store, submit) => assertEquals((await submit(8)).status, "queued"));
  }
});
