import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import type { Store } from "../../../src/domain/ports.ts";
import { PretrainRequest } from "../../../src/domain/pretrain.ts";
import { resolvePretrainConfig } from "../../../src/jobs/resolve_config.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

const ready = (more: Partial<Dataset> = {}) =>
  aDataset({
    status: "ready",
    splits: {
      train: { images: 150, classes: { cat: 75, dog: 75 } },
      test: { images: 20, classes: { cat: 10, dog: 10 } },
      extra: { images: 500, classes: {} },
    },
    channel_mean: [0.4, 0.5, 0.6],
    channel_std: [0.1, 0.2, 0.3],
    ...more,
  });
const pretrain = { arch: "cifar_resnet8", batch: 16, epochs: 2 };

function withStore(check: (store: Store, dataset: Dataset) => void): () => void {
  return () => {
    const store = openSqliteStore(":memory:"), dataset = ready();
    store.createDataset(dataset);
    try {
      check(store, dataset);
    } finally {
      store.close();
    }
  };
}
/** What `submitJob` throws, as `[code, pointers…]`. */
function refusal(store: Store, body: unknown, key?: string): unknown[] {
  const { code, options }: DomainError = assertThrows(() => submitJob({ store }, body, key), DomainError);
  return [code, ...(options.errors ?? []).map(({ pointer }) => pointer).sort()];
}

Deno.test(
  "submitJob() queues a job with every default filled in",
  withStore((store, { id: dataset }) => {
    const job = submitJob({ store }, { kind: "pretrain", dataset, config: pretrain, metadata: { a: "b" } });
    assertEquals([job.status, job.attempt, job.metadata], ["queued", 0, { a: "b" }]);
    assertEquals([job.config.tau, job.config.preset], [0.95, "small"]);
    assertEquals(submitJob({ store }, { kind: "pretrain", dataset, config: job.config }).config, job.config);
  }),
);

Deno.test(
  "submitJob() reports every mistake of a config, unknown fields too, beside those of the body",
  withStore((store, { id: dataset }) => {
    const config = {
      ...{
        arch: "resnet9000",
        batch: 100000,
        epochs: 1,
        lr: 3,
        optimizer: { name: "lars", base_lr: "a", nu: 1 },
      },
      "a/b": 1,
    };
    assertEquals(
      refusal(store, { kind: "pretrain", dataset, config, surprise: 1 }),
      [
        ...["invalid", "#/config/arch", "#/config/a~1b", "#/config/batch", "#/config/lr"],
        ...["#/config/optimizer/base_lr", "#/config/optimizer/nu", "#/surprise"],
      ].sort((a, b) => a === "invalid" ? -1 : b === "invalid" ? 1 : a < b ? -1 : 1),
    );
    assertEquals(refusal(store, { kind: "pretrain", dataset, config: { ...pretrain, arch: 1, steps: 5 } }), [
      ...["invalid", "#/config/arch", "#/config/epochs"],
    ]);
    assertEquals(
      refusal(store, { kind: "pretrain", dataset: newId("ds"), config: { arch: "x", epochs: 1 } }),
      [
        ...["invalid", "#/config/arch", "#/dataset"],
      ],
    );
  }),
);

Deno.test(
  "submitJob() holds a config against the dataset, beside mistakes elsewhere",
  withStore((store, { id: dataset }) => {
    const refused = (config: object) => refusal(store, { kind: "pretrain", dataset, config });
    assertEquals(refused({ ...pretrain, batch: 151 }), ["invalid", "#/config/batch"]);
    assertEquals(refused({ ...pretrain, split: "nope" }), ["invalid", "#/config/split"]);
    assertEquals(refused({ ...pretrain, split: "constructor" }), ["invalid", "#/config/split"]);
    assertEquals(refused({ ...pretrain, batch: 151, tau: 2 }), ["invalid", "#/config/batch", "#/config/tau"]);
    const bare = ready({ channel_mean: null, channel_std: null });
    store.createDataset(bare);
    assertEquals(
      refusal(store, {
        kind: "pretrain",
        dataset: bare.id,
        config: { ...pretrain, normalization: "dataset" },
      }),
      ["invalid", "#/config/normalization"],
    );
  }),
);

Deno.test(
  "submitJob() tells an unknown dataset, one that is not ready, and a body that is none apart",
  withStore((store) => {
    for (const dataset of [newId("ds"), "../../etc", "ds_x"]) {
      assertEquals(refusal(store, { kind: "pretrain", dataset, config: pretrain }), [
        "not_found",
        "#/dataset",
      ]);
    }
    const young = aDataset();
    store.createDataset(young);
    assertEquals(refusal(store, { kind: "pretrain", dataset: young.id, config: pretrain }), ["conflict"]);
    for (const body of [null, [], "x", 3]) assertEquals(refusal(store, body), ["malformed", "#"]);
    assertEquals(refusal(store, {}), ["invalid", "#/config", "#/dataset", "#/kind"]);
    assertEquals(refusal(store, { kind: "cluster", dataset: young.id, config: {} }), ["invalid", "#/kind"]);
  }),
);

Deno.test(
  "submitJob() checks a knn job's checkpoint, splits, labels and k",
  withStore((store, { id: dataset }) => {
    const source = aJob(), checkpoint = aCheckpoint(source.id);
    store.createJob(source);
    store.createCheckpoint(checkpoint);
    const knn = (config: object) => ({ kind: "knn", dataset, config });
    const job = submitJob({ store }, knn({ checkpoint: checkpoint.id }));
    assertEquals([job.config.k, job.config.bank_split], [150, "train"]);
    assertEquals(
      refusal(store, knn({ checkpoint: newId("ckpt"), k: 151, query_split: "nope", x: 1 })),
      ["invalid", "#/config/checkpoint", "#/config/k", "#/config/query_split", "#/config/x"],
    );
    assertEquals(refusal(store, knn({ checkpoint: checkpoint.id, bank_split: "extra" })), [
      ...["invalid", "#/config/bank_split"],
    ]);
  }),
);

Deno.test(
  "submitJob() makes one job of one idempotency key, and refuses it for another body",
  withStore((store, { id: dataset }) => {
    const body = { kind: "pretrain", dataset, config: pretrain };
    const first = submitJob({ store }, body, "key-1");
    store.claimJob();
    const again = submitJob({ store }, {
      config: { epochs: 2, batch: 16, arch: "cifar_resnet8" },
      dataset,
      kind: "pretrain",
    }, "key-1");
    assertEquals([again.id, again.status], [first.id, "running"]);
    assertEquals(store.listJobs({}, { limit: 10 }).data.length, 1);
    const { code, options } = assertThrows(
      () => submitJob({ store }, { ...body, config: { ...pretrain, seed: 1 } }, "key-1"),
      DomainError,
    );
    assertEquals([code, options.type], ["invalid", "idempotency_key_reused"]);
    assertEquals(refusal(store, body, "a key"), ["malformed"]);
    assert(submitJob({ store }, body, "key-2").id !== first.id);
  }),
);

Deno.test(
  "submitJob() refuses more jobs than may wait",
  withStore((store, { id: dataset }) => {
    const submit = (seed: number) =>
      submitJob({ store, maxQueued: 1 }, { kind: "pretrain", dataset, config: { ...pretrain, seed } });
    const first = submit(0);
    const { code, options } = assertThrows(() => submit(1), DomainError);
    assertEquals([code, options.retryAfterSeconds], ["queue_full", 30]);
    assertEquals(submit(0).id, first.id, "what was accepted is not refused when it is sent again");
  }),
);

Deno.test(
  "submitJob() takes the same body without a key for a second try, for a minute, until the job has ended",
  withStore((store, { id: dataset }) => {
    let at = Date.parse("2026-01-01T00:00:00Z");
    const body = { kind: "pretrain", dataset, config: pretrain, metadata: { a: "b" } };
    const submit = (what: unknown = body, key?: string) =>
      submitJob({ store, now: () => new Date(at) }, what, key).id;
    const first = submit();
    at += 59_000;
    assertEquals(submit({ metadata: { a: "b" }, config: { ...pretrain }, dataset, kind: "pretrain" }), first);
    store.claimJob();
    at -= 100_000; // the clock was set back
    assertEquals(submit(), first, "though it runs by now");
    const others = [submit({ ...body, metadata: {} }), submit({ ...body, config: { ...pretrain, seed: 1 } })];
    others.push(submit(body, "key"));
    at += 110_000;
    others.push(submit());
    store.moveJob(others.at(-1)!, "cancelled");
    others.push(submit());
    assertEquals(new Set([first, ...others]).size, 6);
  }),
);

Deno.test("each optimiser may be asked for, and a rate of LARS's never reaches AdamW", () => {
  const parse = (optimizer: object) => PretrainRequest.safeParse({ ...pretrain, optimizer });
  for (const name of ["lars", "sgd", "adamw"]) {
    assertEquals(parse({ name, base_lr: 0.01 }).success, true);
    assertEquals(parse({ name, base_lr: 0.2 }).success, name !== "adamw");
  }
  assertEquals(parse({ name: "adam", base_lr: 0.01 }).success, false);
});

Deno.test("resolvePretrainConfig() drops the last incomplete batch and scales the rate by the batch", () => {
  const resolve = (config: object) =>
    resolvePretrainConfig(PretrainRequest.parse({ ...pretrain, ...config }), ready());
  const optimizer = { name: "lars", base_lr: 2, warmup_epochs: 0.5 };
  const resolved = resolve({ optimizer, normalization: "dataset" });
  assertEquals([resolved.steps_per_epoch, resolved.total_steps, resolved.warmup_steps], [9, 18, 5]);
  assertEquals([resolved.peak_lr, resolved.channel_mean], [0.125, [0.4, 0.5, 0.6]]);
  assertEquals(resolve({}).channel_mean, [0.485, 0.456, 0.406]);
  assertEquals(resolve({ epochs: undefined, steps: 7 }).total_steps, 7);
  assertEquals(resolve({ epochs: 0.001 }).total_steps, 1);
  assertThrows(() => resolve({ batch: 200 }), DomainError);
});

const VIEW = {
  ...{ crop: { area: [0.2, 1], aspect: [0.75, 1.33] }, flip: 0.5, grayscale: 0.2, solarize: 0 },
  jitter: { probability: 0.8, brightness: 0.4, contrast: 0.4, saturation: 0.2, hue: 0.1 },
  blur: { probability: 0, sigma: [0.1, 2] },
};
Deno.test(
  "submitJob() takes an augmentation in full, and checks it field by field",
  withStore((store, { id: dataset }) => {
    const body = (augmentation: unknown) => ({
      ...{ kind: "pretrain", dataset },
      config: { ...pretrain, augmentation },
    });
    const full = { view1: VIEW, view2: { ...VIEW, solarize: 0.2 } };
    assertEquals(submitJob({ store }, body(full)).config.augmentation, full);
    const at = (augmentation: unknown) => refusal(store, body(augmentation)).slice(1);
    assertEquals(at("blur"), ["#/config/augmentation"]);
    assertEquals(at(3), ["#/config/augmentation"]);
    assertEquals(at({ view1: VIEW }), ["#/config/augmentation/view2"]);
    assertEquals(
      at({
        view1: { ...VIEW, flip: 2, blurr: 1, jitter: { ...VIEW.jitter, hue: 0.6 } },
        view2: { ...VIEW, crop: { area: [1, 0.2], aspect: [0, 1] } },
      }),
      [
        ...["#/config/augmentation/view1/blurr", "#/config/augmentation/view1/flip"],
        ...["#/config/augmentation/view1/jitter/hue", "#/config/augmentation/view2/crop/area"],
        "#/config/augmentation/view2/crop/aspect/0",
      ],
    );
  }),
);

Deno.test(
  "submitJob() checks micro_batch, init and evaluate",
  withStore((store, { id: dataset }) => {
    const refused = (config: object) =>
      refusal(store, { kind: "pretrain", dataset, config: { ...pretrain, ...config } });
    assertEquals(refused({ micro_batch: 5 }), ["invalid", "#/config/micro_batch"]);
    assertEquals(refused({ batch: undefined, micro_batch: 60 }), ["invalid", "#/config/micro_batch"]);
    assertEquals(refused({ init: "ckpt_x" }), ["invalid", "#/config/init"]);
    const source = aJob(), checkpoint = aCheckpoint(source.id);
    store.createJob(source);
    store.createCheckpoint(checkpoint);
    assertEquals(refused({ init: checkpoint.id, arch: "resnet18" }), ["invalid", "#/config/init"]);
    const alone = aCheckpoint(source.id, { files: [{ name: "model.safetensors", bytes: 2, sha256: "ab" }] });
    store.createCheckpoint(alone);
    assertEquals(refused({ init: alone.id }), ["invalid", "#/config/init"]);
    const config = { ...pretrain, init: checkpoint.id };
    assertEquals(submitJob({ store }, { kind: "pretrain", dataset, config }).config.init, checkpoint.id);
    assertEquals(refused({ evaluate: { split: "nope", k: 151 } }), [
      ...["invalid", "#/config/evaluate/k", "#/config/evaluate/split"],
    ]);
    assertEquals(refused({ evaluate: { split: "extra" } }), [
      ...["invalid", "#/config/evaluate/k", "#/config/evaluate/split"],
    ]);
    assertEquals(refused({ split: "extra", evaluate: {} }), ["invalid", "#/config/evaluate"]);
  }),
);
