// Makes databases of earlier schemas, by the code that first had them: `latentd_v1.sqlite` by commit 3909258, v2 by
// 60f4f5a, v3 by 93026a9, v4 by ac5b23d, v5 by 921d481, v6 by 10aa748,
// v7 by 1e7634f, v8 by 6f1efc1. In a checkout of that commit, with its lockfile:
//   deno run --config CHECKOUT/deno.json --allow-read --allow-write --allow-env make_databases.ts CHECKOUT OUT
// Only the ports that all of them have are used; what they differ in is in the files themselves. Ids are of the day.
import { pathToFileURL } from "node:url";

const [checkout, out] = Deno.args;
const load = (path: string) => import(pathToFileURL(`${checkout}/${path}`).href);
const { openSqliteStore } = await load("src/store/sqlite_store.ts");
const { submitJob } = await load("src/jobs/submit.ts");
const { newId } = await load("src/domain/ids.ts");

let ticks = Date.UTC(2026, 10, 24);
const now = () => new Date(ticks += 1000);
const store = openSqliteStore(out, now);

const at = () => now().toISOString();
const summary = {
  counts: { images: 96, rejected: 1, bytes: 294_912 },
  splits: {
    train: { images: 80, classes: { disc: 40, stripes: 40 } },
    test: { images: 16, classes: { disc: 8, stripes: 8 } },
  },
  channel_mean: [0.4914, 0.4822, 0.4465],
  channel_std: [0.2023, 0.1994, 0.201],
  fingerprint: `sha256:${"5".repeat(64)}`,
};
const empty = { counts: { images: 0, rejected: 0, bytes: 4096 }, splits: {}, channel_mean: null, channel_std: null };
const dataset = (name: string, status: string, more: object = {}) => {
  const row = { id: newId("ds"), object: "dataset", name, status, created_at: at(), ...more };
  // What an older store does not know of, it does not look at.
  const later = { duplicates: null, warnings: [], settings: { short_side: 64, max_rejected: 0.5 } };
  store.createDataset({ ...empty, fingerprint: null, ...later, ...row });
  return row.id as string;
};
const ready = dataset("photos", "ingesting");
store.settleDataset(ready, { status: "ready", summary });
dataset("coming in", "ingesting");
const failed = dataset("broken", "ingesting");
store.settleDataset(failed, { status: "failed", error: { code: "malformed", message: "Cannot read the archive" } });

const pretrain = (more: object = {}, key?: string) =>
  submitJob({ store, now }, {
    ...{ kind: "pretrain", dataset: ready, metadata: { by: "fixture" } },
    config: { arch: "cifar_resnet8", px: 16, batch: 16, steps: 20, seed: 3, ...more },
  }, key).id as string;
const progress = (step: number) => ({ step, total_steps: 20, epoch: step / 5, images_per_s: 250.5, eta_s: 20 - step });
const checkpoint = (job: string, step: number) => {
  const id = newId("ckpt") as string;
  const file = (name: string) => ({ name, bytes: 1000 + step, sha256: "a".repeat(64) });
  store.createCheckpoint({
    ...{ id, object: "checkpoint", job, arch: "cifar_resnet8", px: 16, step, epoch: step / 5, metrics: { loss: 2 - step / 20 } },
    ...{ files: ["model.safetensors", "config.json", "manifest.json"].map(file), created_at: at() },
  });
  return id;
};

// One that succeeded, one that failed, one that was cancelled, one that a dead server left running, two that wait.
const whole = pretrain({}, "key-of-the-first");
store.claimJob();
checkpoint(whole, 0);
for (const step of [5, 10, 15, 20]) store.updateProgress(whole, progress(step), { loss: 2 - step / 20, tau: 0.99 });
const last = checkpoint(whole, 20);
store.moveJob(whole, "succeeded", { result: { checkpoint: last, loss: 1 } });
store.setAlias("best", last);
store.setAlias("best-too", last);
const wrong = pretrain({ seed: 4 });
store.claimJob();
store.moveJob(wrong, "failed", { error: { code: "internal", message: "Cannot run the job" } });
const dropped = pretrain({ seed: 5 });
store.moveJob(dropped, "cancelled");
const left = pretrain({ seed: 6 });
store.claimJob();
checkpoint(left, 0);
store.updateProgress(left, progress(5), { loss: 1.75 });
store.appendEvent(left, "message", { level: "info", text: "half-way" });
checkpoint(left, 5);
const paused = pretrain({ seed: 7 });
store.claimJob();
store.moveJob(paused, "paused", { attempt: 0 });
submitJob({ store, now }, {
  ...{ kind: "knn", dataset: ready },
  config: { checkpoint: last, k: 10, temperature: 0.1 },
}, "key-of-the-second");
pretrain({ seed: 8 });
store.close();
