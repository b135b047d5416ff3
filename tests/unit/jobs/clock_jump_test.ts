// The wall clock is set forward by a month and back by two while jobs run: what is told in it is odd, what is done is not.
import { assert, assertEquals } from "@std/assert";
import type { CheckpointLibrary, JobReport, TrainingTask } from "../../../src/domain/ports.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { JobRunner } from "../../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../../src/jobs/retention.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset } from "../../contract/store_contract.ts";

const MONTH_MS = 30 * 24 * 3600_000;

/** Sets this process's clock. */
class Clock implements Disposable {
  readonly #real = Date;
  setBy(ms: number): void {
    const Real = this.#real;
    globalThis.Date = class extends Real {
      constructor(...given: [] | [number | string]) {
        super(...(given.length === 0 ? [Real.now() + ms] : given) as [number]);
      }
      static override now(): number {
        return Real.now() + ms;
      }
    } as DateConstructor;
  }
  [Symbol.dispose](): void {
    globalThis.Date = this.#real;
  }
}

Deno.test("jobs run in their order, once and to their end, whatever the wall clock does meanwhile", async () => {
  using clock = new Clock();
  const store = openSqliteStore(":memory:"), hub = new EventHub(), ran: string[] = [];
  const dataset = aDataset({
    ...{ status: "ready", channel_mean: [0.5, 0.5, 0.5], channel_std: [0.2, 0.2, 0.2] },
    splits: { train: { images: 64, classes: {} } },
  });
  store.createDataset(dataset);
  const submit = (seed: number) => {
    const config = { arch: "cifar_resnet8", batch: 16, steps: 4, seed, evaluate: null };
    return submitJob({ store }, { kind: "pretrain", dataset: dataset.id, config }).id;
  };
  const retention = new CheckpointRetention({
    store,
    library: { remove: () => Promise.resolve() } as unknown as CheckpointLibrary,
  });
  const jobs: string[] = [];
  const run = async ({ job }: TrainingTask, report: JobReport) => {
    ran.push(job);
    for (const [step, by] of [[0, MONTH_MS], [2, -MONTH_MS], [4, 0]]) {
      clock.setBy(by);
      report.alive(60_000);
      report.progress({ step, total_steps: 4, epoch: 0, images_per_s: 1, eta_s: 1 }, { loss: 1 });
      report.checkpoint(aCheckpoint(job, { step }));
      if (jobs.length === 2 && by < 0) jobs.push(submit(3)); // older than the others, by the clock
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { steps: 4 };
  };
  const runner = new JobRunner({ store, hub, retention, trainer: { run } });
  try {
    jobs.push(submit(1), submit(2));
    runner.start();
    for (let i = 0; jobs.length < 3 || jobs.some((id) => store.getJob(id)!.status !== "succeeded"); i++) {
      assert(i < 500, JSON.stringify(jobs.map((id) => store.getJob(id)!.status)));
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assertEquals(ran, jobs);
    for (const id of jobs) {
      assertEquals(store.getJob(id)!.attempt, 1);
      const seqs = store.listEvents(id, 0, 100).map(({ seq }) => seq);
      assertEquals(seqs, seqs.map((_, i) => i + 1));
      assertEquals(store.listLatestFirst(id).map(({ step }) => step), [4, 2, 0]);
      assertEquals(store.getLease(id), undefined);
    }
  } finally {
    await runner.stop();
    store.close();
  }
});
