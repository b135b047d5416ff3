import { assertEquals, assertThrows } from "@std/assert";
import { DomainError, GPU_LOST } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { type Job, type JobStatus, JobStopped } from "../../../src/domain/job.ts";
import type {
  CheckpointLibrary,
  JobReport,
  Store,
  Trainer,
  TrainingTask,
} from "../../../src/domain/ports.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { recoverRunningJobs } from "../../../src/jobs/attempts.ts";
import { JobRunner } from "../../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../../src/jobs/retention.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

type Run = Trainer["run"];
const CONFIG = { arch: "cifar_resnet8", batch: 16, steps: 4 };
const PROGRESS = { step: 1, total_steps: 4, epoch: 0.25, images_per_s: 10, eta_s: 3 };

/** A runner over a trainer that does what `run` says, and a job to run. */
async function scene(
  run: Run,
  check: (
    s: {
      store: Store;
      runner: JobRunner;
      hub: EventHub;
      /** Ids of checkpoints whose files were removed. */
      removed: string[];
      submit: (more?: { kind?: Job["kind"]; config?: Job["config"] }) => Job;
      until: Until;
    },
  ) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore(":memory:"), hub = new EventHub();
  const dataset = aDataset({ status: "ready", splits: { train: { images: 64, classes: {} } } });
  store.createDataset(dataset);
  const removed: string[] = [];
  const library = { remove: (id: string) => Promise.resolve(void removed.push(id)) } as CheckpointLibrary;
  const retention = new CheckpointRetention({ store, library });
  const runner = new JobRunner({ store, hub, retention, trainer: { run }, lastCheckpointMs: 50 });
  const submit = (more?: { kind?: Job["kind"]; config?: Job["config"] }) => {
    const job = aJob({ dataset: dataset.id, config: CONFIG, ...more });
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
    await check({ store, runner, hub, removed, submit, until });
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
    assertEquals(error!.message, `Cannot get further with the job in 3 attempts: ${lost.message}`);
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
  await scene(run, async ({ store, runner, removed, submit, until }) => {
    const [job, waiting] = [submit(), submit()];
    runner.start();
    const report = await late.promise;
    assertEquals(runner.cancel(job.id).status, "cancelled");
    report.progress(PROGRESS, {});
    const checkpoint = aCheckpoint(job.id);
    report.checkpoint(checkpoint);
    assertEquals(store.listEvents(job.id, 0, 10).at(-1)!.data.status, "cancelled");
    await until(waiting, "running");
    assertEquals(removed, [checkpoint.id]);
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
    recoverRunningJobs(store, "another server");
    assertEquals(store.getJob(job.id)!.status, attempt < 3 ? "queued" : "failed");
  }
  assertEquals(store.getJob(job.id)!.error!.code, "attempts_exhausted");
  store.close();
});

/** A trainer whose attempts a test plays itself. */
function played() {
  interface Played {
    task: TrainingTask;
    report: JobReport;
    signal: AbortSignal;
    end: PromiseWithResolvers<Record<string, unknown>>;
  }
  const attempts: Played[] = [], waiting: ((attempt: Played) => void)[] = [];
  const run: Run = (task, report, signal) => {
    const attempt = { task, report, signal, end: Promise.withResolvers<Record<string, unknown>>() };
    const wanted = waiting.shift();
    if (wanted) wanted(attempt);
    else attempts.push(attempt);
    return attempt.end.promise;
  };
  const next = (): Promise<Played> => {
    const attempt = attempts.shift();
    return attempt ? Promise.resolve(attempt) : new Promise((resolve) => waiting.push(resolve));
  };
  return { run, next };
}
const told = (store: Store, id: string, type = "status") =>
  store.listEvents(id, 0, 100).filter((event) => event.type === type).map(({ data }) => data);
const reasonOf = ({ reason }: AbortSignal) => reason instanceof JobStopped ? reason.reason : reason;

Deno.test("JobRunner pauses a running job at once, takes its last checkpoint, and goes on from it", async () => {
  const { run, next } = played();
  await scene(run, async ({ store, runner, submit, until }) => {
    const [job, other] = [submit(), submit()];
    runner.start();
    const first = await next();
    assertEquals(first.task.resume, []);
    const [zero, last] = [aCheckpoint(job.id, { step: 0 }), aCheckpoint(job.id, { step: 2 })];
    first.report.checkpoint(zero);
    first.report.progress(PROGRESS, { loss: 1 });
    const paused = runner.pause(job.id);
    assertEquals([paused.status, paused.attempt, reasonOf(first.signal)], ["paused", 0, "pause"]);
    first.report.progress({ ...PROGRESS, step: 2 }, { loss: 2 });
    first.report.checkpoint(last);
    first.report.message("info", "kept");
    assertEquals([store.getJob(job.id)!.progress, told(store, job.id, "metrics").length], [PROGRESS, 1]);
    assertEquals(told(store, job.id, "checkpoint").map(({ step }) => step), [0, 2]);
    assertEquals(told(store, job.id, "message").length, 1);
    first.end.reject(first.signal.reason);
    const second = await next();
    assertEquals(second.task.job, other.id, "the queue goes on");
    assertEquals(runner.resume(job.id).status, "queued");
    second.end.resolve({});
    await until(other, "succeeded");
    const third = await next();
    assertEquals([third.task.job, third.task.resume], [job.id, [last.id, zero.id]]);
    third.end.resolve({ steps: 4 });
    const { attempt } = await until(job, "succeeded");
    assertEquals(attempt, 1);
    assertEquals(told(store, job.id).map(({ status }) => status), [
      ...["queued", "running", "paused", "queued", "running", "succeeded"],
    ]);
  });
});

Deno.test("JobRunner runs a job that is resumed before its worker has ended, once it has", async () => {
  const { run, next } = played();
  await scene(run, async ({ store, runner, submit, until }) => {
    const job = submit(), later = submit();
    runner.start();
    const first = await next();
    runner.pause(job.id);
    runner.resume(job.id);
    first.report.progress(PROGRESS, {});
    assertEquals(store.getJob(job.id)!.progress, null);
    const last = aCheckpoint(job.id);
    first.report.checkpoint(last);
    first.end.resolve({ steps: 4 }); // as a job does that was at its last step
    const second = await next();
    assertEquals([second.task.job, second.task.resume], [job.id, [last.id]]);
    assertEquals(store.getJob(later.id)!.status, "queued", "it has kept its place");
    second.end.resolve({});
    await until(job, "succeeded");
    (await next()).end.resolve({});
    await until(later, "succeeded");
  });
});

Deno.test("JobRunner pauses and resumes a queued job, and no other", async () => {
  const { run, next } = played();
  await scene(run, async ({ store, runner, submit, until }) => {
    const [paused, other] = [submit(), submit()];
    assertEquals([runner.pause(paused.id).status, store.getJob(paused.id)!.attempt], ["paused", 0]);
    runner.start();
    const first = await next();
    assertEquals(first.task.job, other.id);
    assertEquals(assertThrows(() => runner.resume(other.id), DomainError).code, "conflict");
    assertEquals(assertThrows(() => runner.pause(paused.id), DomainError).code, "conflict");
    runner.resume(paused.id);
    assertEquals(assertThrows(() => runner.resume(paused.id), DomainError).code, "conflict");
    first.end.resolve({});
    await until(other, "succeeded");
    for (const act of ["pause", "resume"] as const) {
      assertEquals(assertThrows(() => runner[act](other.id), DomainError).code, "conflict");
      assertEquals(assertThrows(() => runner[act](newId("job")), DomainError).code, "not_found");
    }
    (await next()).end.resolve({});
    await until(paused, "succeeded");
  });
});

Deno.test("JobRunner cancels a paused job, though its worker has not ended yet", async () => {
  const { run, next } = played();
  await scene(run, async ({ store, runner, removed, submit }) => {
    const job = submit(), other = submit();
    runner.start();
    const first = await next();
    runner.pause(job.id);
    assertEquals(runner.cancel(job.id).status, "cancelled");
    const second = await next(); // not kept waiting by the first
    assertEquals(second.task.job, other.id);
    const late = aCheckpoint(job.id);
    first.report.checkpoint(late);
    first.end.reject(first.signal.reason);
    assertEquals(store.listCheckpoints({ job: job.id }, { limit: 9 }).data, []);
    assertEquals(told(store, job.id).at(-1)!.status, "cancelled");
    second.end.resolve({});
    await runner.stop();
    assertEquals(removed, [late.id]);
  });
});

Deno.test("JobRunner tells of a paused job whose worker ended without a last checkpoint", async () => {
  const { run, next } = played(), { error: log } = console;
  await scene(run, async ({ store, runner, submit }) => {
    const job = submit();
    runner.start();
    const first = await next();
    runner.pause(job.id);
    console.error = () => {};
    first.end.reject(new DomainError("disk_full", "Cannot write: the disk is full"));
    await runner.stop();
    console.error = log;
    const [{ level, text }] = told(store, job.id, "message") as { level: string; text: string }[];
    assertEquals([level, text.endsWith("when it paused: Cannot write: the disk is full")], ["warn", true]);
    assertEquals(store.getJob(job.id)!.status, "paused");
  });
});

Deno.test("JobRunner.stop() takes a last checkpoint, but waits no longer than it says", async () => {
  for (const inTime of [true, false]) {
    const { run, next } = played();
    await scene(run, async ({ store, runner, submit }) => {
      const job = submit();
      runner.start();
      const { signal, report, end } = await next();
      const stopped = runner.stop(), last = aCheckpoint(job.id);
      assertEquals(reasonOf(signal), "shutdown");
      if (inTime) {
        report.checkpoint(last);
        end.reject(signal.reason);
      }
      await stopped;
      if (!inTime) report.checkpoint(last); // the store may be closed by now
      assertEquals([store.getJob(job.id)!.status, store.getJob(job.id)!.attempt], ["queued", 0]);
      assertEquals(store.listCheckpoints({ job: job.id }, { limit: 9 }).data, inTime ? [last] : []);
    });
  }
});

Deno.test("JobRunner.stop() does not wait for ever for a job that is being paused", async () => {
  const { run, next } = played();
  await scene(run, async ({ store, runner, submit }) => {
    const job = submit();
    runner.start();
    await next();
    runner.pause(job.id);
    await runner.stop();
    assertEquals(store.getJob(job.id)!.status, "paused");
  });
});

Deno.test("JobRunner counts a worker's deaths only while its job gets no further", async () => {
  let attempts = 0;
  const steps = [0, 4, 8, 8, 12, 12, 12];
  const run: Run = ({ job }, report) => {
    report.checkpoint(aCheckpoint(job, { step: steps[attempts++] }));
    return Promise.reject(new WorkerDied(`death ${attempts}`));
  };
  await scene(run, async ({ runner, submit, until }) => {
    const job = submit();
    runner.start();
    const { attempt, error } = await until(job, "failed");
    assertEquals([attempts, attempt], [7, 7]);
    assertEquals(error!.message, "Cannot get further with the job in 3 attempts: death 7");
  });
});

Deno.test("JobRunner removes the checkpoints that a job's config does not keep", async () => {
  const kept: Record<string, string> = {};
  const run: Run = ({ job, work }, report) => {
    if (work.kind === "knn") return Promise.resolve({});
    for (let step = 0; step <= 7; step++) {
      const checkpoint = aCheckpoint(job, { step });
      kept[step] = checkpoint.id;
      report.checkpoint(checkpoint);
    }
    return Promise.resolve({});
  };
  await scene(run, async ({ store, runner, removed, submit, until }) => {
    const checkpoint = { every_steps: 1, keep_last: 1, keep_every: 4 };
    const job = submit({ config: { ...CONFIG, checkpoint } });
    const { createCheckpoint } = store;
    store.createCheckpoint = (made) => {
      createCheckpoint(made);
      if (made.step === 2) store.setAlias("two", made.id);
    };
    runner.start();
    await until(job, "succeeded");
    const steps = () => store.listCheckpoints({ job: job.id }, { limit: 9 }).data.map(({ step }) => step);
    assertEquals(steps().sort(), [0, 2, 4, 7]);
    await runner.stop();
    assertEquals(removed, [1, 3, 5, 6].map((step) => kept[step]));
  });
});
