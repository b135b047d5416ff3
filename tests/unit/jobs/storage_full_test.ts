import { assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import type { Job } from "../../../src/domain/job.ts";
import type { CheckpointLibrary, JobReport, Store, TrainingTask } from "../../../src/domain/ports.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { JobRunner } from "../../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../../src/jobs/retention.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

const CONFIG = { arch: "cifar_resnet8", batch: 16, steps: 4 };
const FULL = new DomainError("disk_full", "Cannot write checkpoint x: the disk is full");
/** Fails a test instead of hanging the run. */
const PATIENCE_MS = 10_000;

interface Scene {
  store: Store;
  /** Whether there is room, and how often and for how many bytes that was asked. */
  disk: { full: boolean; asked: number[] };
  removed: string[];
  runner: JobRunner;
  /** Another server over the same store, as after a restart. */
  restart(): Promise<JobRunner>;
  until(done: () => boolean): Promise<void>;
  submit(): Job;
}
/** A runner that asks every 20 ms for room, over a trainer of which `train` is one attempt. */
async function scene(
  train: (task: TrainingTask, report: JobReport, scene: Scene) => Promise<Record<string, unknown>>,
  check: (scene: Scene) => Promise<void>,
): Promise<void> {
  const store = openSqliteStore(":memory:"), hub = new EventHub(), removed: string[] = [];
  const dataset = aDataset({ status: "ready", splits: { train: { images: 64, classes: {} } } });
  store.createDataset(dataset);
  const library = { remove: (id: string) => Promise.resolve(void removed.push(id)) } as CheckpointLibrary;
  const disk: Scene["disk"] = { full: true, asked: [] };
  const runnerOf = () =>
    new JobRunner({
      ...{ store, hub, retention: new CheckpointRetention({ store, library }), roomCheckMs: 20 },
      trainer: { run: (task, report) => train(task, report, it) },
      hasRoom: (bytes) => {
        disk.asked.push(bytes);
        return Promise.resolve(!disk.full);
      },
    });
  const it: Scene = {
    ...{ store, disk, removed, runner: runnerOf() },
    async restart() {
      await it.runner.stop();
      return it.runner = runnerOf();
    },
    async until(done) {
      for (const end = Date.now() + PATIENCE_MS; !done();) {
        if (Date.now() > end) throw new Error(JSON.stringify(store.listJobs({}, { limit: 10 }).data));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    submit() {
      const job = aJob({ dataset: dataset.id, config: CONFIG });
      store.createJob(job);
      it.runner.wake();
      return job;
    },
  };
  try {
    await check(it);
  } finally {
    await it.runner.stop();
    store.close();
  }
}
/** Trains as long as there is room, with a checkpoint that is kept while there was. */
const untilFull = (task: TrainingTask, report: JobReport, { disk }: Scene) => {
  if (disk.full) {
    report.checkpoint(aCheckpoint(task.job, { step: 2 }));
    return Promise.reject(FULL);
  }
  return Promise.resolve({ went_on_from: task.resume.length });
};
const statuses = (store: Store, id: string) =>
  store.listEvents(id, 0, 100).filter(({ type }) => type === "status").map(({ data }) => data.status);

Deno.test("a job that finds the disk full pauses as storage_full, and goes on by itself when there is room", () =>
  scene(untilFull, async ({ store, disk, runner, until, submit }) => {
    const job = submit();
    runner.start();
    const now = () => store.getJob(job.id)!;
    await until(() => now().status === "paused");
    assertEquals(now().error, { code: "storage_full", message: FULL.message });
    assertEquals(now().attempt, 0, "the attempt is not held against it");
    assertEquals(store.listEvents(job.id, 0, 99).at(-1)!.data, {
      ...{ status: "paused", attempt: 0, error: { code: "storage_full", message: FULL.message } },
    });
    const asked = disk.asked.length;
    await until(() => disk.asked.length > asked + 2);
    assertEquals(now().status, "paused", "it waits for room");
    const kept = store.listLatestFirst(job.id)[0].files.reduce((sum, { bytes }) => sum + bytes, 0);
    assertEquals(disk.asked.at(-1), kept + 2 ** 20, "of a checkpoint as the last one, and a MiB");
    disk.full = false;
    await until(() => now().status === "succeeded");
    assertEquals([now().error, now().result, now().attempt], [undefined, { went_on_from: 1 }, 1]);
    assertEquals(statuses(store, job.id), ["queued", "running", "paused", "queued", "running", "succeeded"]);
  }));

Deno.test("storage_full outlives a restart; a job that its user paused never goes on by itself", () =>
  scene(untilFull, async ({ store, disk, runner, restart, until, submit }) => {
    const [job, kept, users] = [submit(), submit(), submit()];
    runner.pause(users.id);
    runner.start();
    await until(() => [job, kept].every(({ id }) => store.getJob(id)!.status === "paused"));
    assertEquals(runner.pause(kept.id).error, undefined, "its user's by now");
    assertThrows(() => runner.pause(kept.id), DomainError, "it is paused");
    const next = await restart();
    assertEquals(store.getJob(job.id)!.error!.code, "storage_full");
    disk.full = false;
    next.start();
    await until(() => store.getJob(job.id)!.status === "succeeded");
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const { id } of [kept, users]) assertEquals(store.getJob(id)!.status, "paused");
    next.resume(kept.id);
    await until(() => store.getJob(kept.id)!.status === "succeeded");
  }));

Deno.test("a job that its user resumes on a full disk pauses again; tries by itself become rarer", () => {
  let attempts = 0;
  const train = () => (attempts++, Promise.reject(FULL));
  return scene(train, async ({ store, disk, runner, until, submit }) => {
    const job = submit();
    runner.start();
    await until(() => attempts === 1 && store.getJob(job.id)!.status === "paused");
    runner.resume(job.id);
    await until(() => attempts === 2 && store.getJob(job.id)!.status === "paused");
    disk.full = false; // it says; yet the job finds none
    const start = performance.now();
    await until(() => attempts === 6);
    const waited = performance.now() - start;
    assertEquals(waited >= 20 + 40 + 80, true, `four more attempts in ${waited} ms`);
  });
});

Deno.test("a store that is full when a job reports pauses it too, and what it cannot list is removed", () => {
  const made = aCheckpoint("job_of_nobody");
  const train = (task: TrainingTask, report: JobReport) => {
    report.checkpoint({ ...made, job: task.job });
    return Promise.resolve({});
  };
  return scene(train, async ({ store, disk, runner, removed, until, submit }) => {
    const job = submit(), { createCheckpoint } = store;
    store.createCheckpoint = () => {
      throw new DomainError("disk_full", "Cannot write to the database: the disk is full");
    };
    runner.start();
    await until(() => store.getJob(job.id)!.status === "paused" && removed.length > 0);
    assertEquals([store.getJob(job.id)!.error!.code, removed[0]], ["storage_full", made.id]);
    store.createCheckpoint = createCheckpoint;
    disk.full = false;
    await until(() => store.getJob(job.id)!.status === "succeeded");
  });
});

Deno.test("how a job has ended is kept as soon as the store takes it, without doing the work again", () => {
  let attempts = 0;
  return scene(() => Promise.resolve({ attempt: ++attempts }), async ({ store, runner, until, submit }) => {
    const job = submit(), { moveJob } = store, { error: log } = console;
    let refused = 0;
    console.error = () => {};
    store.moveJob = (...args) => {
      if (refused++ < 2) throw new DomainError("disk_full", "Cannot write to the database: the disk is full");
      return moveJob(...args);
    };
    runner.start();
    await until(() => {
      runner.wake(); // or it would wait for two seconds each time
      return store.getJob(job.id)!.status === "succeeded";
    });
    console.error = log;
    assertEquals([attempts, store.getJob(job.id)!.result, refused], [1, { attempt: 1 }, 3]);
  });
});

/** What changes the store while a job is run. */
const WRITES = [
  "claimJob",
  "moveJob",
  "renewLease",
  "updateProgress",
  "appendEvent",
  "createCheckpoint",
  "deleteCheckpoint",
] as const;

Deno.test("a store whose n-th write fails costs no job, whatever n is, until a run comes through clean", async () => {
  const { error: log } = console;
  console.error = () => {};
  try {
    for (let n = 1, calls = n; calls >= n; n++) {
      calls = 0;
      const train = (task: TrainingTask, report: JobReport) => {
        report.alive(1000);
        report.message("info", "here it goes");
        report.progress({ step: 1, total_steps: 4, epoch: 0, images_per_s: 1, eta_s: null }, { loss: 1 });
        for (const step of [0, 2, 3, 4]) report.checkpoint(aCheckpoint(task.job, { step }));
        return Promise.resolve({ n });
      };
      await scene(train, async ({ store, disk, runner, removed, until, submit }) => {
        disk.full = false;
        const job = submit();
        for (const name of WRITES) {
          const write = store[name] as (...args: unknown[]) => unknown;
          (store as unknown as Record<string, unknown>)[name] = (...args: unknown[]) => {
            if (++calls === n) {
              throw new DomainError("disk_full", `Cannot write to the database: ${name}, ${n}`);
            }
            return write(...args);
          };
        }
        runner.start();
        await until(() => {
          runner.wake(); // or it would wait for two seconds after some faults
          return store.getJob(job.id)!.status === "succeeded";
        });
        assertEquals(store.getJob(job.id)!.result, { n });
        await runner.stop();
        const events = store.listEvents(job.id, 0, 1000);
        assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
        const listed = store.listLatestFirst(job.id).map(({ id }) => id);
        assertEquals(removed.filter((id) => listed.includes(id)), [], "what is listed has its files");
        assertEquals(store.getLease(job.id), undefined);
      });
      assertEquals(n < 100, true, "it never comes through");
    }
  } finally {
    console.error = log;
  }
});
