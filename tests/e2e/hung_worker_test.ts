// A training worker that hangs without a word, as one does whose driver blocks: the real child, stopped by a signal.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { Job } from "../../src/domain/job.ts";
import { FileCheckpointLibrary } from "../../src/checkpoint/checkpoint_reader.ts";
import { EventHub } from "../../src/jobs/event_hub.ts";
import { JobRunner } from "../../src/jobs/job_runner.ts";
import { CheckpointRetention } from "../../src/jobs/retention.ts";
import { submitJob } from "../../src/jobs/submit.ts";
import { openSqliteStore } from "../../src/store/sqlite_store.ts";
import { ChildProcess } from "../../src/supervisor/child_process.ts";
import { TrainingClient } from "../../src/supervisor/training_client.ts";
import { noiseTar } from "./noise.ts";
import { isAlive, TestServer } from "./server.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: 60, evaluate: null, on_collapse: "warn" },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 }, checkpoint: { every_steps: 4 } },
};

Deno.test({
  name: "a training worker that hangs is killed, its job goes on from a checkpoint, and the queue with it",
  sanitizeOps: false, // the children outlive what started them
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-hung-" });
  const server = await TestServer.start(dataDir), headers = { "Content-Type": "application/x-tar" };
  const upload = { method: "POST", headers, body: await noiseTar(32, 16) };
  const { id: dataset } = await (await server.fetch("/v1/datasets?name=noise", upload)).json();
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  await server.stop();

  const store = openSqliteStore(`${dataDir}/latentd.sqlite`);
  const child = new ChildProcess({
    name: "train",
    program: Deno.execPath(),
    args: [
      ...[
        "run",
        "--quiet",
        "--no-prompt",
        "--frozen",
        "--v8-flags=--expose-gc",
        `--allow-read=${ROOT},${dataDir}`,
      ],
      ...[
        `--allow-write=${dataDir}`,
        "--allow-sys=systemMemoryInfo",
        "--allow-env",
        `${ROOT}main.ts`,
        "train-worker",
      ],
    ],
    env: { DATA_DIR: dataDir, ALLOW_SOFTWARE_GPU: "1", XDG_RUNTIME_DIR: "/tmp" },
  });
  const library = new FileCheckpointLibrary(`${dataDir}/checkpoints`);
  const trainer = new TrainingClient(child, { firstMs: 120_000, leastMs: 5000, times: 2 });
  const runner = new JobRunner({
    ...{ store, hub: new EventHub(), retention: new CheckpointRetention({ store, library }), trainer },
  });
  const submit = (seed: number) =>
    submitJob({ store }, { kind: "pretrain", dataset, config: { ...CONFIG, seed } }).id;
  const until = (id: string, done: (job: Job) => boolean) =>
    server.until(() => Promise.resolve(store.getJob(id)!), done, 180);
  try {
    const job = submit(1), next = submit(2);
    runner.start();
    await until(job, ({ progress }) => (progress?.step ?? 0) >= 8);
    const hung = child.pid!, lease = store.getLease(job)!;
    assert(Date.parse(lease.until) > Date.now(), JSON.stringify(lease));
    Deno.kill(hung, "SIGSTOP");
    const { attempt } = await until(job, ({ status }) => status === "succeeded");
    assertEquals([attempt, isAlive(hung)], [2, false]);
    assertNotEquals(child.pid, hung);
    const messages = store.listEvents(job, 0, 1000).filter(({ type }) => type === "message")
      .map(({ data }) => String(data.text));
    assert(
      messages.some((text) => /^The train worker hung: it was silent for/.test(text)),
      messages.join("\n"),
    );
    assert(messages.some((text) => /^Going on from ckpt_/.test(text)), messages.join("\n"));
    await until(next, ({ status }) => status === "succeeded");
    assertEquals(store.getLease(next), undefined);
  } finally {
    await runner.stop();
    await child.close();
    store.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
