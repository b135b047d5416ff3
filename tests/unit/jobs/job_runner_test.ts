import { assertEquals, assertThrows } from "@std/assert";
import { DomainError, GPU_LOST } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { Job, JobStatus } from "../../../src/domain/job.ts";
import type { JobReport, Store, Trainer, TrainingTask } from "../../../src/domain/ports.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { JobRunner, recoverRunningJobs } from "../../../src/jobs/job_runner.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

type Run = Trainer["run"];
const PROGRESS = { step: 1, total_steps: 4, epoch: 0.25, images_per_s: 10, eta_s: 3 };

/** A runner over a trainer that does what `run` says, and a job to run. */
async function scene(
  run: Run,
  check: (
    s: { store: Store; runner: JobRunner; hub: EventHub; submit: () => Job; until: Until },
  ) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore(":memory:"), hub = new EventHub();
  const dataset = aDataset({ status: "ready", splits: { train: { images: 64, classes: {} } } });
  store.createDataset(dataset);
  const runner = new JobRunner({ store, hub, trainer: { run } });
  const submit = () => {
    const job = aJob({ dataset: dataset.id, config: { arch: "cifar_resnet8", batch: 16, steps: 4 } });
    store.createJob(job);
    runner.wake();
    return job;
  };
  const until: Until = async ({ id }, status) => {
    while (store.getJob(id)!.status !== status) {
      const changed = Promise.withResolvers<void>(), off = hub.subscribe(id, changed.resolve);
      const late = setTimeout(
        () => changed.reject(new Error(`${store.getJob(id)!.status}, not ${status}`)),
        5000,
      );
      await changed.promise.finally(() => (clearTimeout(late), off()));
    }
    return store.getJob(id)!;
  };
  try {
    await check({ store, runner, hub, submit, until });
  } finally {
    await runner.stop();
    store.close();
  }
}
type Until = (job: { id: string }, status: JobStatus) => Promise<Job>;
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
class WorkerDied extends Error {
  override name = "WorkerDied";
}

Deno.test("JobRunner runs jobs in order and keeps what they report", async () => {
  const tasks: TrainingTask[] = [];
  const run = (task: TrainingTask, report: JobReport) => {
    tasks.push(task);
    report.progress(PROGRESS, { loss: 1.5 });
    report.checkpoint(aCheckpoint(task.job));
    report.message("info", "hello");
    return Promise.resolve({ steps: 4 });
  };
  await scene(run, async ({ store, runner, submit, until }) => {
    const [a, b] = [submit(), submit()];
    runner.start();
    await until(b, "succeeded");
    const c = submit(); // the runner sleeps by now, and is woken
    const done = await until(c, "succeeded");
    assertEquals(tasks.map(({ job }) => job), [a.id, b.id, c.id]);
    const { work } = tasks[0];
    if (work.kind !== "pretrain") throw new TypeError(`Cannot check a ${work.kind} job`);
    assertEquals([work.config.steps_per_epoch, work.config.total_steps], [4, 4]);
    assertEquals([done.result, done.progress, done.metrics], [{ steps: 4 }, PROGRESS, { loss: 1.5 }]);
    assertEquals(store.listEvents(a.id, 0, 10).map(({ seq, type }) => `${seq} ${type}`), [
      ...["1 status", "2 status", "3 metrics", "4 checkpoint", "5 message", "6 status"],
    ]);
    assertEquals(store.listCheckpoints({ job: a.id }, { limit: 10 }).data.length, 1);
  });
});

Deno.test("JobRunner fails a job with what the trainer says, and tells nothing of a fault of ours", async () => {
  const errors = [
    new DomainError("invalid", "Cannot go on: loss is NaN", { type: "diverged" }),
    new TypeError("secret path"),
  ];
  await scene(() => Promise.reject(errors.shift()), async ({ runner, submit, until }) => {
    const [a, b] = [submit(), submit()];
    const { error: log } = console;
    console.error = () => {};
    runner.start();
    try {
      assertEquals((await until(a, "failed")).error, {
        code: "diverged",
        message: "Cannot go on: loss is NaN",
      });
      const { error } = await until(b, "failed");
      assertEquals([error!.code, error!.message.includes("secret")], ["internal", false]);
    } finally {
      console.error = log;
    }
  });
});

Deno.test("JobRunner tries a job again when its worker dies, three times in all", async () => {
  let died = 0;
  await scene(() => Promise.reject(new WorkerDied(`death ${++died}`)), async ({ runner, submit, until }) => {
    const job = submit();
    runner.start();
    const { attempt, error } = await until(job, "failed");
    assertEquals([died, attempt, error!.code], [3, 3, "attempts_exhausted"]);
  });
});

Deno.test("JobRunner tries a job again when its GPU is lost, and says in the end that it was", async () => {
  const lost = new DomainError("unavailable", "Cannot go on: the GPU was lost (a test)", { type: GPU_LOST });
  await scene(() => Promise.reject(lost), async ({ store, runner, submit, until }) => {
    const job = submit();
    runner.start();
    const { attempt, error } = await until(job, "failed");
    assertEquals([attempt, error!.code], [3, "gpu_lost"]);
    assertEquals(error!.message, `Cannot finish the job in 3 attempts: ${lost.message}`);
    assertEquals(store.listEvents(job.id, 0, 20).filter(({ type }) => type === "message").length, 3);
  });
});

Deno.test("JobRunner does not try a job again that the GPU has no memory for", async () => {
  const error = new DomainError("unavailable", "Cannot allocate x", { type: "gpu_out_of_memory" });
  await scene(() => Promise.reject(error), async ({ runner, submit, until }) => {
    const job = submit();
    runner.start();
    const failed = await until(job, "failed");
    assertEquals([failed.attempt, failed.error], [1, { code: "gpu_out_of_memory", message: error.message }]);
  });
});

Deno.test("JobRunner cancels a running job at once, for good, and drops what it reports later", async () => {
  const late = Promise.withResolvers<JobReport>();
  const run: Run = (_task, report, signal) => {
    late.resolve(report);
    return aborted(signal);
  };
  await scene(run, async ({ store, runner, submit, until }) => {
    const [job, waiting] = [submit(), submit()];
    runner.start();
    const report = await late.promise;
    assertEquals(runner.cancel(job.id).status, "cancelled");
    report.progress(PROGRESS, {});
    report.checkpoint(aCheckpoint(job.id));
    assertEquals(store.listEvents(job.id, 0, 10).at(-1)!.data.status, "cancelled");
    await until(waiting, "running");
    assertEquals(store.getJob(job.id)!.status, "cancelled");
    assertEquals(assertThrows(() => runner.cancel(job.id), DomainError).code, "conflict");
    assertEquals(assertThrows(() => runner.cancel(newId("job")), DomainError).code, "not_found");
  });
});

Deno.test("JobRunner.stop() puts a running job back, its attempt not counted", async () => {
  await scene((_task, _report, signal) => aborted(signal), async ({ store, runner, submit, until }) => {
    const job = submit();
    runner.start();
    await until(job, "running");
    await runner.stop();
    const { status, attempt } = store.getJob(job.id)!;
    assertEquals([status, attempt], ["queued", 0]);
  });
});

Deno.test("recoverRunningJobs() requeues what a dead server left, up to the third attempt", () => {
  const store = openSqliteStore(":memory:"), job = aJob();
  store.createJob(job);
  for (let attempt = 1; attempt <= 3; attempt++) {
    assertEquals(store.claimJob()!.attempt, attempt);
    recoverRunningJobs(store);
    assertEquals(store.getJob(job.id)!.status, attempt < 3 ? "queued" : "failed");
  }
  assertEquals(store.getJob(job.id)!.error!.code, "attempts_exhausted");
  store.close();
});
