import { assert, assertEquals } from "@std/assert";
import type { Dataset } from "../../../src/domain/dataset.ts";
import { PretrainConfig, PretrainRequest } from "../../../src/domain/pretrain.ts";
import { applyRecipe } from "../../../src/jobs/recipe.ts";
import { aDataset } from "../../contract/store_contract.ts";

const dataset = (images: number, classes: Record<string, number> = {}): Dataset =>
  aDataset({
    status: "ready",
    splits: { train: { images, classes }, test: { images: 100, classes: { cat: 50, dog: 50 } } },
  });
const IMAGENET = dataset(1_281_167), PHOTOS = dataset(5_000);
const fill = (sent: Record<string, unknown>, on = PHOTOS) => applyRecipe(PretrainRequest.parse(sent), on);

Deno.test("applyRecipe() has the paper's numbers", () => {
  for (
    const [preset, epochs, base_lr, weight_decay, tau] of [
      ["byol-40", 40, 0.45, 1e-6, 0.97],
      ["byol-100", 100, 0.45, 1e-6, 0.99],
      ["byol-300", 300, 0.3, 1e-6, 0.99],
      ["byol-1000", 1000, 0.2, 1.5e-6, 0.996],
    ] as const
  ) {
    const filled = fill({ arch: "resnet50", preset, batch: 4096 }, IMAGENET);
    assertEquals(filled.optimizer, {
      ...{ name: "lars", base_lr, weight_decay, momentum: 0.9, trust_coefficient: 1e-3, warmup_epochs: 10 },
    });
    assertEquals(
      [filled.epochs, filled.tau, filled.projector, filled.predictor, filled.augmentation, filled.px],
      [epochs, tau, { hidden: 4096, out: 256 }, { hidden: 4096 }, "byol", 224],
    );
  }
});

Deno.test("applyRecipe() chooses by the data where no preset is named, and says why", () => {
  const chosen = (sent: object, on: Dataset) => {
    const { preset, preset_reason } = fill({ arch: "resnet50", batch: 256, ...sent }, on);
    return [preset, preset_reason];
  };
  assertEquals(chosen({ epochs: 100 }, PHOTOS), ["small", "the split has 5000 images, fewer than 100,000"]);
  for (
    const [epochs, preset] of [[20, "byol-40"], [100, "byol-100"], [200, "byol-300"], [800, "byol-1000"]]
  ) {
    const [named, reason] = chosen({ epochs }, IMAGENET);
    assertEquals(named, preset);
    assert(reason.startsWith("the split has 1281167 images, at least 100,000, and "), reason);
  }
  assertEquals(chosen({ steps: 312_800, batch: 4096 }, IMAGENET)[0], "byol-1000");
  assertEquals(chosen({ epochs: 10, preset: "byol-1000" }, PHOTOS), ["byol-1000", "named in the request"]);
});

Deno.test("applyRecipe() sets tau by the steps of a small run, and each optimiser's own rate", () => {
  const small = (steps: number, optimizer?: object) => {
    const { tau, optimizer: { base_lr } } = fill({ arch: "resnet18-cifar", steps, optimizer });
    return [tau, base_lr];
  };
  assertEquals(small(1_000), [0.95, 1]);
  assertEquals(small(12_500), [0.97, 1]);
  assertEquals(small(37_000), [0.99, 2]);
  assertEquals(small(300_000), [0.996, 2]);
  assertEquals(small(37_000, { name: "sgd" }), [0.99, 0.12]);
  assertEquals(small(37_000, { name: "adamw" }), [0.99, 1.5e-3]);
  // Nor do the paper's rates, which are for LARS, reach another optimiser.
  assertEquals(
    fill({ arch: "resnet50", preset: "byol-100", optimizer: { name: "adamw" } }).optimizer.base_lr,
    1.5e-3,
  );
  assertEquals(fill({ arch: "cifar_resnet8", epochs: 20 }).optimizer.warmup_epochs, 2);
  assertEquals(fill({ arch: "cifar_resnet8", epochs: 1000 }).optimizer.warmup_epochs, 10);
});

Deno.test("applyRecipe() leaves what is given, and what it makes, sent again, makes the same", () => {
  const sent = {
    ...{ arch: "resnet18", px: 64, batch: 32, micro_batch: 8, epochs: 3, tau: 0.5, evaluate: null },
    ...{ projector: { hidden: 8, out: 4 }, optimizer: { name: "sgd", momentum: 0 }, augmentation: "none" },
  };
  const filled = fill(sent), { optimizer, ...rest } = sent;
  assertEquals(
    Object.fromEntries(Object.keys(rest).map((key) => [key, filled[key as keyof typeof filled]])),
    {
      ...rest,
    },
  );
  assertEquals([filled.optimizer.momentum, filled.optimizer.name], [optimizer.momentum, optimizer.name]);
  for (const config of [filled, fill({ arch: "resnet50", preset: "byol-300" }, IMAGENET)]) {
    const again = JSON.parse(JSON.stringify(config));
    assertEquals(PretrainConfig.parse(again), again); // nothing is missing
    assertEquals(JSON.parse(JSON.stringify(fill(again))), again);
  }
});

Deno.test("applyRecipe() evaluates every ten epochs where there are labels, and nowhere else", () => {
  const evaluate = (on: Dataset, more = {}) =>
    fill({ arch: "cifar_resnet8", epochs: 3, ...more }, on).evaluate;
  assertEquals(evaluate(PHOTOS), null);
  const labelled = dataset(150, { cat: 75, dog: 75 });
  assertEquals(evaluate(labelled), { knn_every_epochs: 10, k: 150, temperature: 0.1, split: "test" });
  assertEquals(evaluate(labelled, { evaluate: null }), null);
  assertEquals(evaluate(labelled, { split: "test" }), null);
});
