import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { expectRate, type MeasuredRate, measuredRates, type Pace } from "../../../src/jobs/measured_rates.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

const WANTED: Pace = { kind: "pretrain", arch: "resnet18", px: 64, batch: 32, precision: "f32" };
const measured = (job: string, more: Partial<MeasuredRate>): MeasuredRate => ({
  ...{ ...WANTED, job, images_per_s: 100, ...more },
});

Deno.test("expectRate() takes the same job's rate as it is, and scales the nearest one's by arithmetic", () => {
  const same = measured("same", {}), near = measured("near", { px: 48 }), far = measured("far", { px: 224 });
  const one = expectRate(WANTED, [far, same, near], [4, 49, 4, 2.25])!;
  assertEquals([one.from.job, one.images_per_s, one.ratio], ["same", 100, 1]);
  const scaled = expectRate(WANTED, [far, near], [4, 49, 2.25])!;
  assertEquals(scaled.from.job, "near");
  assertAlmostEquals(scaled.images_per_s, (100 * 2.25) / 4);
  // Of two alike the batch's neighbour, then the first; another precision or kind only where there is nothing else.
  const batches = [
    measured("8", { batch: 8 }),
    measured("16", { batch: 16 }),
    measured("16b", { batch: 16 }),
  ];
  assertEquals(expectRate(WANTED, batches, [4, 4, 4, 4])!.from.job, "16");
  const other = [measured("mixed", { precision: "mixed" }), far];
  assertEquals(expectRate(WANTED, other, [4, 4, 49])!.from.job, "far");
  const finetuned = expectRate(WANTED, [measured("finetuned", { kind: "finetune" })], [4, 4])!;
  assertAlmostEquals(finetuned.images_per_s, (100 * 3) / 8);
  assertEquals(expectRate(WANTED, [], [4]), undefined);
});

Deno.test("measuredRates() are of jobs that got somewhere, of the same sort of work, whose net is known", () => {
  const store = openSqliteStore(":memory:"), dataset = aDataset(), config = { ...WANTED, micro_batch: 8 };
  store.createDataset(dataset);
  const add = (kind: "pretrain" | "embed", config: object, step: number, rate: number) => {
    const job = aJob({ kind, dataset: dataset.id, config: config as Record<string, unknown> });
    store.createJob(job);
    const progress = { step, total_steps: 10, epoch: 0, images_per_s: rate, eta_s: null };
    if (step > 0) store.updateProgress(job.id, progress, {});
    return job.id;
  };
  const checkpoint = aCheckpoint(add("pretrain", config, 0, 0));
  store.createCheckpoint(checkpoint);
  add("pretrain", config, 1, 5); // it was compiling
  add("pretrain", config, 9, 0);
  const run = add("pretrain", config, 9, 70), embedded = add("embed", { checkpoint: checkpoint.id }, 9, 30);
  add("embed", { checkpoint: "ckpt_that_is_gone" }, 9, 30);
  try {
    const [told, ...more] = measuredRates(store, "finetune");
    assertEquals(more, []);
    assertEquals([told.job, told.images_per_s, told.batch], [run, 70, 8]);
    const frozen = measuredRates(store, "knn");
    assertEquals(frozen.map(({ job, arch, px }) => [job, arch, px]), [[
      embedded,
      checkpoint.arch,
      checkpoint.px,
    ]]);
    assert(frozen[0].batch === null);
  } finally {
    store.close();
  }
});
