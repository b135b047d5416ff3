import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Checkpoint } from "../../src/domain/checkpoint.ts";
import type { Dataset } from "../../src/domain/dataset.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { newId } from "../../src/domain/ids.ts";
import type { EventType, Job } from "../../src/domain/job.ts";
import type { Store } from "../../src/domain/ports.ts";

export const aDataset = (more: Partial<Dataset> = {}): Dataset => ({
  ...{ id: newId("ds"), object: "dataset", name: "photos", status: "ingesting" },
  ...{ counts: { images: 0, rejected: 0, bytes: 12 }, splits: {}, channel_mean: null, channel_std: null },
  ...{ fingerprint: null, duplicates: null, warnings: [], settings: { short_side: 64, max_rejected: 0.5 } },
  created_at: "2026-01-01T00:00:00.000Z",
  ...more,
});
export const aJob = (more: Partial<Job> = {}): Job => ({
  ...{ id: newId("job"), object: "job", kind: "pretrain", status: "queued", dataset: newId("ds") },
  ...{
    config: { arch: "cifar_resnet8" },
    given: null,
    metadata: { by: "test" },
    progress: null,
    metrics: null,
    result: null,
  },
  ...{ attempt: 0, created_at: "2026-01-01T00:00:00.000Z", started_at: null, finished_at: null },
  ...more,
});
export const aCheckpoint = (job: string, more: Partial<Checkpoint> = {}): Checkpoint => ({
  ...{
    id: newId("ckpt"),
    object: "checkpoint",
    job,
    arch: "cifar_resnet8",
    px: 16,
    step: 16,
    epoch: 0.5,
    metrics: { loss: 1.5 },
  },
  files: ["config.json", "training_state.safetensors"].map((name) => ({ name, bytes: 2, sha256: "ab" })),
  ...{ created_at: "2026-01-01T00:00:00.000Z" },
  ...more,
});
const PROGRESS = { step: 1, total_steps: 4, epoch: 0.25, images_per_s: 10.5, eta_s: null };

/** What every Store promises. `open` opens the same store again for the same path. */
export function storeContract(name: string, open: (path: string) => Store): void {
  function contract(claim: string, check: (store: Store, reopen: () => Store) => void): void {
    Deno.test(`${name}: ${claim}`, () => {
      const directory = Deno.makeTempDirSync();
      let store = open(`${directory}/store`);
      try {
        check(store, () => {
          store.close();
          return store = open(`${directory}/store`);
        });
      } finally {
        store.close();
        Deno.removeSync(directory, { recursive: true });
      }
    });
  }

  contract("jobs and datasets are counted by state", (store) => {
    assertEquals(store.counts(), { jobs: [], datasets: [] });
    for (const status of ["queued", "queued", "failed"] as const) store.createJob(aJob({ status }));
    store.createJob(aJob({ kind: "knn" }));
    store.createDataset(aDataset({ status: "ready" }));
    const { jobs, datasets } = store.counts();
    const sorted = jobs.map(({ kind, status, count }) => `${kind} ${status} ${count}`).sort();
    assertEquals(sorted, ["knn queued 1", "pretrain failed 1", "pretrain queued 2"]);
    assertEquals(datasets, [{ status: "ready", count: 1 }]);
  });

  contract("everything written is there after opening it again", (store, reopen) => {
    const dataset = aDataset(), job = aJob({ dataset: dataset.id }), checkpoint = aCheckpoint(job.id);
    store.createDataset(dataset);
    store.createJob(job, { key: "k", fingerprint: "f" });
    store.claimJob();
    store.updateProgress(job.id, PROGRESS, { loss: 1.25 });
    store.createCheckpoint(checkpoint);
    store.setAlias("best", checkpoint.id);
    const read = (from: Store) => ({
      datasets: from.listDatasets({ limit: 10 }),
      jobs: from.listJobs({}, { limit: 10 }),
      events: from.listEvents(job.id, 0, 10),
      checkpoints: from.listCheckpoints({}, { limit: 10 }),
      aliases: from.listAliases(),
      idempotent: { ...from.getIdempotent("k") },
    });
    const before = read(store), after = read(reopen());
    assertEquals(after, before);
    assertEquals(after.datasets.data, [dataset]);
    assertEquals(after.checkpoints.data, [checkpoint]);
    assertEquals(after.aliases, [{ alias: "best", checkpoint: checkpoint.id, previous: null }]);
    assertEquals(after.idempotent, { job: job.id, fingerprint: "f" });
    assertEquals(after.events.map(({ seq, type }) => [seq, type]), [
      ...[[1, "status"], [2, "status"], [3, "metrics"], [4, "checkpoint"]],
    ]);
    const [kept] = after.jobs.data;
    assertEquals([kept.status, kept.attempt, kept.progress, kept.metrics], [
      ...["running", 1, PROGRESS, { loss: 1.25 }],
    ]);
  });

  contract("settling a dataset sets status, summary and error", (store) => {
    const { id } = aDataset(), dataset = aDataset({ id });
    store.createDataset(dataset);
    const summary = {
      counts: { images: 3, rejected: 1, bytes: 12 },
      splits: { train: { images: 3, classes: { cat: 3 } } },
      channel_mean: [0.1, 0.2, 0.3] as [number, number, number],
      channel_std: null,
      fingerprint: "sha256:00",
      duplicates: { within: 1, across: 0, across_with_labels: [] },
      warnings: [{ code: "degenerate_dataset" as const, message: "it has a single image" }],
    };
    store.settleDataset(id, { status: "ready", summary });
    assertEquals(store.getDataset(id), { ...dataset, ...summary, status: "ready" });
    store.settleDataset(id, { status: "failed", error: { code: "malformed", message: "no" } });
    assertEquals(store.getDataset(id)!.error, { code: "malformed", message: "no" });
    assertThrows(() => store.settleDataset(newId("ds"), { status: "ready" }), DomainError);
    store.deleteDataset(id);
    assertEquals(store.getDataset(id), undefined);
  });

  contract("lists are newest first and paged by id, whatever goes in between", (store) => {
    const ids = Array.from({ length: 7 }, () => newId("ds"));
    for (const id of ids) store.createDataset(aDataset({ id }));
    const newestFirst = ids.toSorted().reverse();
    const first = store.listDatasets({ limit: 3 });
    assertEquals([first.data.map((d) => d.id), first.has_more], [newestFirst.slice(0, 3), true]);
    store.deleteDataset(newestFirst[2]);
    const second = store.listDatasets({ after: newestFirst[2], limit: 4 });
    assertEquals([second.data.map((d) => d.id), second.has_more], [newestFirst.slice(3), false]);
  });

  contract("jobs are filtered by kind, status and dataset", (store) => {
    const dataset = newId("ds"), job = aJob({ dataset });
    store.createJob(job);
    store.createJob(aJob({ kind: "knn" }));
    const ids = (filter: Parameters<Store["listJobs"]>[0]) =>
      store.listJobs(filter, { limit: 10 }).data.map(({ id }) => id);
    assertEquals(ids({ dataset, status: "queued" }), [job.id]);
    assertEquals(ids({ kind: "pretrain" }), [job.id]);
    assertEquals(ids({ status: "running" }), []);
    assertEquals(ids({}).length, 2);
  });

  contract("jobs of several states are one list, newest first, paged by id", (store) => {
    const statuses = ["queued", "paused", "queued", "failed", "paused", "queued"] as const;
    const jobs = statuses.map((status, i) => aJob({ status, kind: i % 2 ? "knn" : "pretrain" }));
    for (const job of jobs) store.createJob(job);
    const wanted = jobs.filter(({ status }) => status !== "failed").map(({ id }) => id).sort().reverse();
    const filter = { status: ["queued", "paused", "queued"] as const };
    const first = store.listJobs(filter, { limit: 3 });
    assertEquals([first.data.map(({ id }) => id), first.has_more], [wanted.slice(0, 3), true]);
    const rest = store.listJobs(filter, { after: wanted[2], limit: 3 });
    assertEquals([rest.data.map(({ id }) => id), rest.has_more], [wanted.slice(3), false]);
    const knn = store.listJobs({ ...filter, kind: "knn" }, { limit: 9 }).data;
    assertEquals(knn.map(({ status }) => status).sort(), ["paused", "queued"]);
  });

  contract("a job's metrics are each as it was told last, its events what was told", (store) => {
    const job = aJob({ given: ["/arch"] });
    store.createJob(job);
    store.claimJob();
    store.updateProgress(job.id, PROGRESS, { loss: 2, knn_top1: 0.5 });
    store.updateProgress(job.id, { ...PROGRESS, step: 2 }, { loss: 1e-7 });
    const { metrics, given } = store.getJob(job.id)!;
    assertEquals([metrics, given], [{ loss: 1e-7, knn_top1: 0.5 }, ["/arch"]]);
    assertEquals(store.listEvents(job.id, 3, 1)[0].data, { ...PROGRESS, step: 2, loss: 1e-7 });
  });

  contract("events are read from the last, by type, and their figures by name", (store) => {
    const job = aJob();
    store.createJob(job);
    store.claimJob();
    for (const step of [1, 2, 3]) {
      store.updateProgress(
        job.id,
        { ...PROGRESS, step },
        step === 2 ? { knn_top1: 0.5 } : { loss: step / 4 },
      );
    }
    store.appendEvent(job.id, "message", { text: "half-way" });
    const before = (seq: number, ...types: EventType[]) =>
      store.listEventsBefore(job.id, seq, 3, types.length ? types : undefined).map(({ seq }) => seq);
    assertEquals([before(9), before(4), before(9, "status", "message")], [[6, 5, 4], [3, 2, 1], [6, 2, 1]]);
    assertEquals(before(5, "metrics"), [4, 3]);
    const figures = store.listFigures(job.id, ["step", "loss", "knn_top1", 'no"such'], 0, 4);
    assertEquals({ ...figures, told: figures.told.length }, {
      ...{ lastSeq: 4, seqs: [3, 4], told: 2, columns: [[1, 2], [0.25, null], [null, 0.5], [null, null]] },
    });
    assertEquals(store.listFigures(job.id, ["step"], 4, 9).columns, [[3]]);
    assertEquals(store.listFigures(job.id, ["step"], 6, 9).lastSeq, undefined);
  });

  contract("an alias knows what it named before, while that is there", (store) => {
    const job = aJob(), [a, b] = [aCheckpoint(job.id), aCheckpoint(job.id)];
    store.createJob(job);
    for (const checkpoint of [a, b]) store.createCheckpoint(checkpoint);
    const named = () => store.listAliases().map(({ checkpoint, previous }) => [checkpoint, previous]);
    store.setAlias("best", a.id);
    assertEquals(named(), [[a.id, null]]);
    for (let time = 0; time < 2; time++) {
      store.setAlias("best", b.id);
      assertEquals(named(), [[b.id, a.id]]);
    }
    store.deleteCheckpoint(a.id);
    assertEquals(named(), [[b.id, null]]);
  });

  contract(
    "a checkpoint's evaluations are those of jobs that judged it and succeeded, the last first",
    (store) => {
      const [checkpoint, other] = [newId("ckpt"), newId("ckpt")];
      const submit = (
        kind: Job["kind"],
        config: Job["config"],
        ends: "succeeded" | "failed" = "succeeded",
      ) => {
        const job = aJob({ kind, config });
        store.createJob(job);
        store.claimJob();
        store.moveJob(job.id, ends, { result: { top1: 0.5 } });
        return job.id;
      };
      const first = submit("knn", { checkpoint, k: 3 }), second = submit("linear_probe", { checkpoint });
      submit("pretrain", { init: checkpoint, checkpoint: { every_steps: 3 } });
      submit("knn", { checkpoint: other });
      submit("knn", { checkpoint }, "failed");
      store.createJob(aJob({ kind: "knn", config: { checkpoint } }));
      assertEquals(store.listEvaluations(checkpoint).map(({ id }) => id), [second, first]);
      assertEquals(store.listEvaluations(newId("ckpt")), []);
    },
  );

  contract("the oldest queued job is claimed, once, and keeps its place when requeued", (store) => {
    const jobs = Array.from({ length: 3 }, () => aJob());
    for (const job of jobs) store.createJob(job);
    assertEquals(store.claimJob()!.id, jobs[0].id);
    store.moveJob(jobs[0].id, "queued");
    const again = store.claimJob()!;
    assertEquals([again.id, again.attempt, again.status], [jobs[0].id, 2, "running"]);
    assertEquals([store.claimJob()!.id, store.claimJob()!.id], [jobs[1].id, jobs[2].id]);
    assertEquals(store.claimJob(), undefined);
  });

  contract("a job moves along legal transitions only, and an illegal one leaves no trace", (store) => {
    const { id } = aJob(), job = aJob({ id });
    store.createJob(job);
    const illegal = assertThrows(() => store.moveJob(id, "succeeded"), DomainError);
    assertEquals([illegal.code, store.listEvents(id, 0, 10).length], ["conflict", 1]);
    const running = store.claimJob()!;
    assert(running.started_at !== null && running.finished_at === null);
    const ended = store.moveJob(id, "failed", { error: { code: "x", message: "y" } });
    assert(ended.finished_at !== null && ended.started_at === running.started_at);
    assertEquals(ended.error, { code: "x", message: "y" });
    assertThrows(() => store.moveJob(id, "queued"), DomainError);
    assertEquals(store.listEvents(id, 0, 10).map(({ data }) => data.status), ["queued", "running", "failed"]);
    assertThrows(() => store.moveJob(newId("job"), "queued"), DomainError);
  });

  contract(
    "a job that runs has the lease of who claimed it, and whoever holds that renews it",
    (store, reopen) => {
      const [leased, bare] = [aJob(), aJob()],
        until = "2026-01-01T00:01:00.000Z",
        later = "2026-01-01T00:02:00.000Z";
      store.createJob(leased);
      store.createJob(bare);
      assertEquals(store.getLease(leased.id), undefined);
      store.claimJob({ holder: "a", until });
      store.claimJob();
      assertEquals([store.getLease(leased.id), store.getLease(bare.id)], [{ holder: "a", until }, undefined]);
      assertEquals(store.renewLease(leased.id, { holder: "b", until: later }), false);
      assertEquals(store.renewLease(leased.id, { holder: "a", until: later }), true);
      const again = reopen();
      assertEquals(again.getLease(leased.id), { holder: "a", until: later });
      again.moveJob(leased.id, "queued");
      assertEquals(again.getLease(leased.id), undefined);
      assertEquals(again.renewLease(leased.id, { holder: "a", until }), false);
      assertEquals(again.claimJob({ holder: "b", until })!.attempt, 2);
      assertEquals(again.getLease(leased.id)!.holder, "b");
      again.moveJob(leased.id, "succeeded");
      assertEquals([again.getLease(leased.id), again.getLease(newId("job"))], [undefined, undefined]);
    },
  );

  contract("a cut short attempt can be given back", (store) => {
    store.createJob(aJob());
    const { id } = store.claimJob()!;
    assertEquals(store.moveJob(id, "queued", { attempt: 0 }).attempt, 0);
    assertEquals(store.claimJob()!.attempt, 1);
  });

  contract("deaths are counted until a checkpoint of a new step, step 0 apart", (store, reopen) => {
    const job = aJob();
    store.createJob(job);
    const die = () => {
      store.claimJob();
      store.moveJob(job.id, "queued", { deaths: store.getDeaths(job.id) + 1 });
    };
    die();
    store.createCheckpoint(aCheckpoint(job.id, { step: 0 }));
    die();
    assertEquals(store.getDeaths(job.id), 2);
    store.createCheckpoint(aCheckpoint(job.id, { step: 8 }));
    assertEquals(store.getDeaths(job.id), 0);
    die();
    store.createCheckpoint(aCheckpoint(job.id, { step: 8 }));
    store.createCheckpoint(aCheckpoint(job.id, { step: 4 }));
    const again = reopen();
    assertEquals([again.getDeaths(job.id), again.getJob(job.id)!.attempt], [1, 3]);
    again.forgetDeaths(job.id);
    assertEquals(again.getDeaths(job.id), 0);
    assertEquals(again.getDeaths(newId("job")), 0);
  });

  contract(
    "a paused job stays paused, is not claimed, and keeps its place when it is resumed",
    (store, reopen) => {
      const [paused, other] = [aJob(), aJob()];
      store.createJob(paused);
      store.createJob(other);
      store.moveJob(paused.id, "paused");
      const again = reopen();
      assertEquals([again.getJob(paused.id)!.status, again.claimJob()!.id], ["paused", other.id]);
      assertEquals(again.claimJob(), undefined);
      again.moveJob(other.id, "queued");
      again.moveJob(paused.id, "queued");
      assertEquals(again.claimJob()!.id, paused.id);
      again.moveJob(paused.id, "paused", { attempt: 0 });
      assertEquals([again.moveJob(paused.id, "cancelled").status, again.getJob(paused.id)!.attempt], [
        ...["cancelled", 0],
      ]);
    },
  );

  contract("a job's latest checkpoint is the one listed last, whatever its id and step", (store, reopen) => {
    const job = aJob(), ids = Array.from({ length: 3 }, () => newId("ckpt")).sort();
    store.createJob(job);
    for (const [i, id] of [ids[2], ids[0], ids[1]].entries()) {
      store.createCheckpoint(aCheckpoint(job.id, { id, step: 8 - i }));
    }
    const listed = (from: Store) => from.listLatestFirst(job.id).map(({ id }) => id);
    assertEquals(listed(store), [ids[1], ids[0], ids[2]]);
    store.deleteCheckpoint(ids[1]);
    store.createCheckpoint(aCheckpoint(job.id, { id: ids[1] }));
    store.deleteCheckpoint(ids[0]);
    assertEquals(listed(reopen()), [ids[1], ids[2]]);
  });

  contract("a deleted checkpoint is off the lists and stays in the log; one with an alias stays", (store) => {
    const job = aJob(), [a, b] = [aCheckpoint(job.id), aCheckpoint(job.id)]; // of the same step
    store.createJob(job);
    store.createCheckpoint(a);
    store.createCheckpoint(b);
    store.setAlias("best", b.id);
    store.deleteCheckpoint(a.id);
    assertThrows(() => store.deleteCheckpoint(b.id));
    store.deleteCheckpoint(newId("ckpt"));
    assertEquals(store.getCheckpoint(a.id), undefined);
    assertEquals(store.listCheckpoints({ job: job.id }, { limit: 9 }).data, [b]);
    assertEquals(store.listEvents(job.id, 0, 9).filter(({ type }) => type === "checkpoint").length, 2);
  });

  contract("events count from 1 in each job without gaps, even past a failed write", (store) => {
    const [a, b] = [aJob(), aJob()];
    store.createJob(a);
    store.createJob(b);
    for (let i = 0; i < 5; i++) {
      store.appendEvent(a.id, "message", { i });
      store.appendEvent(b.id, "message", { i });
      assertThrows(() => store.moveJob(a.id, "succeeded"));
      const duplicate = aCheckpoint(a.id);
      store.createCheckpoint(duplicate);
      assertThrows(() => store.createCheckpoint(duplicate));
    }
    assertEquals(
      store.listEvents(a.id, 0, 100).map((e) => e.seq),
      Array.from({ length: 11 }, (_, i) => i + 1),
    );
    assertEquals(store.listEvents(b.id, 2, 2).map((e) => [e.seq, e.data.i]), [[3, 1], [4, 2]]);
    assertThrows(() => store.appendEvent(newId("job"), "message", {}));
  });

  contract("an idempotency key makes one job", (store) => {
    const job = aJob();
    store.createJob(job, { key: "k", fingerprint: "f" });
    assertThrows(() => store.createJob(aJob(), { key: "k", fingerprint: "f" }));
    assertEquals(store.listJobs({}, { limit: 10 }).data.length, 1);
    assertEquals(store.getIdempotent("other"), undefined);
  });

  contract("a job is found by what was sent without a key, the newest of its time", (store, reopen) => {
    const at = (second: number) => `2026-01-01T00:00:${second}.000Z`;
    const [a, b, keyed] = [10, 20, 30].map((second) => aJob({ created_at: at(second) }));
    store.createJob(a, { fingerprint: "f" });
    store.createJob(b, { fingerprint: "f" });
    store.createJob(keyed, { fingerprint: "f", key: "k" });
    store.createJob(aJob({ created_at: at(40) }));
    const again = reopen();
    const found = (from: number, to: number, what = "f") => again.findSent(what, at(from), at(to))?.id;
    assertEquals([found(10, 59), found(10, 19), found(21, 59)], [b.id, a.id, undefined]);
    assertEquals([found(10, 59, "g"), again.getIdempotent("k")?.job], [undefined, keyed.id]);
  });

  contract("an imported checkpoint is of no job: it is listed, named and deleted like any other", (store) => {
    const job = aJob(), imported = { ...aCheckpoint(job.id, { arch: "resnet50", px: 224 }), job: null };
    store.createJob(job);
    store.createCheckpoint(imported);
    assertEquals(store.getCheckpoint(imported.id), imported);
    assertEquals(store.listCheckpoints({}, { limit: 9 }).data, [imported]);
    assertEquals(store.listCheckpoints({ job: job.id }, { limit: 9 }).data, []);
    assertEquals(store.listEvents(job.id, 0, 9).map(({ type }) => type), ["status"]);
    store.setAlias("stock", imported.id);
    assertEquals(store.getAlias("stock"), imported.id);
    assert(store.deleteAlias("stock"));
    store.deleteCheckpoint(imported.id);
    assertEquals(store.getCheckpoint(imported.id), undefined);
  });
  contract("an alias names one checkpoint at a time, and only one that there is", (store) => {
    const job = aJob(), [a, b] = [aCheckpoint(job.id), aCheckpoint(job.id)];
    store.createJob(job);
    store.createCheckpoint(a);
    store.createCheckpoint(b);
    store.setAlias("best", a.id);
    store.setAlias("best", b.id);
    assertEquals(store.getAlias("best"), b.id);
    assertEquals(assertThrows(() => store.setAlias("x", newId("ckpt")), DomainError).code, "not_found");
    assertEquals([store.deleteAlias("best"), store.deleteAlias("best")], [true, false]);
    assertEquals(store.getAlias("best"), undefined);
    assertEquals(store.listCheckpoints({ job: newId("job") }, { limit: 10 }).data, []);
    assertEquals(store.listCheckpoints({ job: job.id }, { limit: 1 }).has_more, true);
  });
}
