import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  FileCheckpointLibrary,
  readCheckpoint,
  sweepUnfinished,
} from "../../../src/checkpoint/checkpoint_reader.ts";
import { writeCheckpoint } from "../../../src/checkpoint/checkpoint_writer.ts";
import { FileDatasetLibrary } from "../../../src/data/dataset_library.ts";
import { decodeImage } from "../../../src/data/decode.ts";
import { ingesterWith } from "../../../src/data/ingest.ts";
import { DEFAULT_SETTINGS } from "../../../src/domain/dataset.ts";
import { newId } from "../../../src/domain/ids.ts";
import { isEnded } from "../../../src/domain/job.ts";
import type { Store, Trainer } from "../../../src/domain/ports.ts";
import { DatasetIntake } from "../../../src/jobs/dataset_intake.ts";
import { EventHub } from "../../../src/jobs/event_hub.ts";
import { JobRunner } from "../../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../../src/jobs/retention.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { noiseTar } from "../../e2e/noise.ts";
import { CONTENTS } from "../checkpoint/checkpoint_scene.ts";
import { failNth } from "./fail_nth.ts";

const IMAGES = 4, STEPS = 4;
const TAR = await noiseTar(IMAGES, 8);
/** What the server has said yes to. */
interface Acknowledged {
  dataset?: string;
  job?: string;
}
interface Server {
  store: Store;
  library: FileDatasetLibrary;
  intake: DatasetIntake;
  runner: JobRunner;
  checkpoints: string;
}

/** Starts what `main.ts` starts, in its order, in this process and without HTTP; ends it in order. */
async function withServer(directory: string, use: (server: Server) => Promise<void>): Promise<void> {
  const checkpoints = join(directory, "checkpoints"), datasets = join(directory, "datasets");
  await Deno.mkdir(datasets, { recursive: true });
  await sweepUnfinished(checkpoints);
  const store = openSqliteStore(join(directory, "latentd.sqlite"));
  try {
    const retention = new CheckpointRetention({ store, library: new FileCheckpointLibrary(checkpoints) });
    const decoder = { decode: (bytes: Uint8Array) => decodeImage(bytes) };
    const library = new FileDatasetLibrary({
      ...{ directory: datasets, ingester: ingesterWith(decoder), maxUploadBytes: 1e6 },
    });
    const intake = new DatasetIntake({ store, library, retryMs: 10 });
    await library.sweep((id) => store.getDataset(id) !== undefined);
    const runner = new JobRunner({
      ...{
        store,
        hub: new EventHub(),
        retention,
        trainer: trainerOf(checkpoints),
        retryMs: 10,
        roomCheckMs: 10,
      },
    });
    intake.resume();
    runner.start();
    try {
      await use({ store, library, intake, runner, checkpoints });
    } finally {
      intake.stop();
      await runner.stop();
    }
  } finally {
    store.close();
  }
}

/** Steps that do nothing, with a real checkpoint before the first and after each. */
const trainerOf = (checkpoints: string): Trainer => ({
  async run({ job, resume }, report, signal) {
    const from = resume.length > 0 ? (await readCheckpoint(checkpoints, resume[0])).state.step : -1;
    for (let step = from + 1; step <= STEPS; step++) {
      signal.throwIfAborted();
      const id = newId("ckpt"), state = { ...CONTENTS.state, step };
      const files = await writeCheckpoint(checkpoints, id, { ...CONTENTS, state });
      report.checkpoint({
        ...{ id, object: "checkpoint", job, arch: "resnet18", px: 32, step, epoch: step, metrics: {}, files },
        created_at: new Date().toISOString(),
      });
      report.progress({ step, total_steps: STEPS, epoch: step, images_per_s: 1, eta_s: null }, { loss: 1 });
    }
    return { steps: STEPS };
  },
});

/** What clients do, each thing once the one before is acknowledged. */
async function ask({ store, intake, runner }: Server, acknowledged: Acknowledged): Promise<void> {
  const { id: dataset } = await intake.accept(
    "noise",
    { body: ReadableStream.from([TAR.subarray(0, 700), TAR.subarray(700)]) },
    DEFAULT_SETTINGS,
  );
  acknowledged.dataset = dataset;
  await intake.idle();
  if (store.getDataset(dataset)!.status !== "ready") return;
  const config = { arch: "cifar_resnet8", px: 8, batch: IMAGES, steps: STEPS, evaluate: null };
  const { id: job } = submitJob({ store }, { kind: "pretrain", dataset, config });
  acknowledged.job = job;
  runner.wake();
  await ended(store, job);
}

async function ended(store: Store, job: string): Promise<void> {
  for (const end = Date.now() + 10_000; !isEnded(store.getJob(job)!.status); await delay(5)) {
    assert(Date.now() < end, `${job} is ${JSON.stringify(store.getJob(job))}`);
  }
}

/** That all that was acknowledged is there, whole, and nothing else. */
async function check(server: Server, { dataset, job }: Acknowledged): Promise<void> {
  const { store, library, intake, checkpoints } = server;
  await intake.idle();
  for (const { id, status, error, counts } of store.listDatasets({ limit: 100 }).data) {
    assertEquals([status, error, counts.images], ["ready", undefined, IMAGES], id);
    for (let n = 0; n < IMAGES; n++) assertEquals((await library.image(id, n)).width, 8);
  }
  if (dataset) assert(store.getDataset(dataset), "the dataset is gone");
  if (job) {
    await ended(store, job);
    const { status, error } = store.getJob(job)!;
    assertEquals([status, error], ["succeeded", undefined]);
    const events = store.listEvents(job, 0, 1000).map(({ seq }) => seq);
    assertEquals(events, events.map((_, i) => i + 1));
  }
  const listed = store.listCheckpoints({}, { limit: 100 }).data;
  for (const { id, step } of listed) assertEquals((await readCheckpoint(checkpoints, id)).state.step, step);
}

/** What lies on disk that nothing lists. */
function leftovers({ store, checkpoints }: Server, directory: string): string[] {
  const names = (path: string) => {
    try {
      return [...Deno.readDirSync(path)].map(({ name }) => name);
    } catch {
      return [];
    }
  };
  return [
    ...names(checkpoints).filter((id) => !store.getCheckpoint(id)),
    ...names(join(directory, "datasets")).filter((id) => !store.getDataset(id)),
    ...store.listDatasets({ limit: 100 }).data.flatMap(({ id }) =>
      names(join(directory, "datasets", id)).filter((name) => name !== "images").map((name) =>
        `${id}/${name}`
      )
    ),
  ];
}

Deno.test("whichever call to a file or the database fails, nothing that was acknowledged is lost", async () => {
  const { error, log } = console;
  console.error = console.log = () => {};
  const calls: string[] = [];
  try {
    for (let n = 1;; n++) {
      const directory = await Deno.makeTempDir({ prefix: "latentd-faults-" });
      const acknowledged: Acknowledged = {};
      const { failed } = await failNth(
        n,
        () =>
          withServer(directory, (server) => ask(server, acknowledged).catch(() => {})) // told to its client
            .catch(() => {}),
      ); // a server that does not start has said yes to nothing
      try {
        await withServer(directory, (server) => check(server, acknowledged));
        await withServer(directory, (server) => {
          assertEquals(leftovers(server, directory), []);
          return Promise.resolve();
        });
      } catch (cause) {
        throw new Error(`after call ${n}, ${failed}, failed`, { cause });
      }
      await Deno.remove(directory, { recursive: true });
      if (!failed) break;
      calls.push(failed);
    }
  } finally {
    Object.assign(console, { error, log });
  }
  assert(calls.length > 100 && new Set(calls).size > 10, `only ${calls.join(", ")}`);
});
