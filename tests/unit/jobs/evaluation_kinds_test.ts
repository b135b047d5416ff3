import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Dataset } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import { newId } from "../../../src/domain/ids.ts";
import { LAMBDAS, resolveLinearProbe } from "../../../src/domain/linear_probe.ts";
import { submitJob } from "../../../src/jobs/submit.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aCheckpoint, aDataset, aJob } from "../../contract/store_contract.ts";

const SPLITS: Dataset["splits"] = {
  train: { images: 150, classes: { cat: 75, dog: 70 } }, // five have no label
  test: { images: 20, classes: { cat: 10, dog: 10 } },
  val: { images: 20, classes: { cat: 10, dog: 10 } },
  wild: { images: 9, classes: { cat: 3, dog: 3, fox: 3 } },
  cats: { images: 9, classes: { cat: 9 } },
  scarce: { images: 2, classes: { cat: 1, dog: 1 } },
  single: { images: 2, classes: { cat: 1 } },
  bare: { images: 500, classes: {} },
};

/** What submitting a config comes to: the job's config, or `pointer detail` of each mistake. */
function submitting(
  kind: string,
  config: (checkpoint: string) => object,
): Record<string, unknown> | string[] {
  const store = openSqliteStore(":memory:");
  try {
    const dataset = aDataset({ status: "ready", splits: SPLITS }),
      source = aJob(),
      made = aCheckpoint(source.id);
    store.createDataset(dataset);
    store.createJob(source);
    store.createCheckpoint(made);
    const body = { kind, dataset: dataset.id, config: config(made.id) };
    try {
      return submitJob({ store }, body).config;
    } catch (error) {
      if (!(error instanceof DomainError) || error.code !== "invalid") throw error;
      return error.options.errors!.map(({ pointer, detail }) => `${pointer} ${detail}`);
    }
  } finally {
    store.close();
  }
}
/** The mistakes' pointers; each mistake must say what is told of it. */
function mistakes(kind: string, config: object, ...told: string[]): string[] {
  const found = submitting(kind, (checkpoint) => ({ checkpoint, ...config }));
  if (!Array.isArray(found)) throw new Error(`it was accepted: ${JSON.stringify(found)}`);
  for (const text of told) assert(found.some((mistake) => mistake.includes(text)), found.join("\n"));
  return found.map((mistake) => mistake.split(" ")[0].replace("#/config/", "")).sort();
}

Deno.test("a linear probe's config is filled in: the protocol's own numbers, and no other's", () => {
  const lbfgs = submitting("linear_probe", (checkpoint) => ({ checkpoint })) as Record<string, unknown>;
  assertEquals(lbfgs.lbfgs, { lambdas: LAMBDAS, max_iterations: 1000, tolerance: 1e-6 });
  assertEquals([lbfgs.protocol, lbfgs.validation, "sgd" in lbfgs], ["lbfgs", 0.1, false]);
  assertEquals([LAMBDAS.length, LAMBDAS[0], LAMBDAS[4], LAMBDAS[44]], [45, 1e-6, 1e-5, 1e5]);
  const sgd = submitting("linear_probe", (checkpoint) => ({ checkpoint, protocol: "sgd" })) as {
    sgd: Record<string, unknown>;
  };
  const { rates, epochs, batch, momentum } = sgd.sgd;
  assertEquals([rates, epochs, batch, momentum], [[0.4, 0.3, 0.2, 0.1, 0.05], 80, 8, 0.9]);
  const of = (images: number) =>
    resolveLinearProbe(
      { ...sgd, sgd: undefined } as unknown as Parameters<typeof resolveLinearProbe>[0],
      images,
    );
  assertEquals([1, 40, 45_000, 2e6].map((images) => of(images).sgd!.batch), [1, 2, 1024, 1024]);
  assertEquals(mistakes("linear_probe", { checkpoint: newId("ckpt") }), ["checkpoint"]);
  for (const filled of [lbfgs, sgd]) {
    const again = submitting("linear_probe", (checkpoint) => ({ ...filled, checkpoint })) as Record<
      string,
      unknown
    >;
    assertEquals({ ...again, checkpoint: null }, { ...filled, checkpoint: null });
  }
});

Deno.test("a linear probe on what cannot be judged is refused, with every reason, before anything trains", () => {
  const probe = (config: object, ...told: string[]) => mistakes("linear_probe", config, ...told);
  assertEquals(probe({ train_split: "nope", test_split: "bare" }, "only train, test", "bare has no labels"), [
    ...["test_split", "train_split"],
  ]);
  assertEquals(probe({ test_split: "wild" }, "has fox beside them"), ["test_split"]);
  assertEquals(probe({ test_split: "cats" }, "lacks dog"), ["test_split"]);
  assertEquals(probe({ train_split: "cats", validation: "val" }, "at least 2 classes, got 1"), [
    ...["test_split", "train_split", "validation"],
  ]);
  assertEquals(probe({ train_split: "scarce" }, "2 images of each class"), ["train_split"]);
  assertEquals(
    probe(
      { train_split: "scarce", test_split: "wild", validation: "val" },
      "2 labels are fewer than the 3 classes",
    ),
    ["test_split"],
  );
  assertEquals(probe({ validation: "test" }, "another split than validation"), ["test_split"]);
  assertEquals(probe({ validation: "train" }, "another split than train_split"), ["validation"]);
  assertEquals(probe({ protocol: "sgd", sgd: { batch: 200 } }, "at most the 130 images"), ["sgd/batch"]);
  assertEquals(probe({ sgd: {} }, "for the protocol sgd"), ["sgd"]);
  assertEquals(probe({ lbfgs: { lambdas: [0] }, validation: 0.6, x: 1 }), [
    "lbfgs/lambdas/0",
    "validation",
    "x",
  ]);
});

Deno.test("k-NN on what cannot be judged is refused, with every reason", () => {
  const knn = (config: object, ...told: string[]) => mistakes("knn", config, ...told);
  assertEquals(knn({ query_split: "wild" }, "the bank, is of: fox"), ["query_split"]);
  assertEquals(
    knn({ bank_split: "scarce", query_split: "wild", k: 1 }, "2 labels are fewer than the 3 classes"),
    [
      ...["query_split"],
    ],
  );
  assertEquals(knn({ k: [3, 146, 10_001] }, "at most the bank's 145 images, got 146"), ["k/1", "k/2", "k/2"]);
  assertEquals(knn({ bank_split: "bare", distance: "manhattan" }, "bare has no labels"), [
    "bank_split",
    "distance",
  ]);
  assertEquals(knn({ query_split: "single", quality: true }, "at least 2 images, got 1"), ["quality"]);
  const filled = submitting("knn", (checkpoint) => ({ checkpoint })) as Record<string, unknown>;
  assertEquals([filled.k, filled.distance, filled.quality], [145, "cosine", false]);
  assertThrows(() => submitJob({ store: {} as never }, null), DomainError);
});
