import { assertEquals } from "@std/assert";
import type { Dataset } from "../../../src/domain/dataset.ts";
import { FinetuneConfig, FinetuneRequest, labelCounts } from "../../../src/domain/finetune.ts";
import { applyFinetuneRecipe } from "../../../src/jobs/finetune_recipe.ts";
import { aDataset } from "../../contract/store_contract.ts";

const dataset = (perClass: number, classes: number): Dataset => {
  const counts = Object.fromEntries(Array.from({ length: classes }, (_, c) => [`c${c}`, perClass]));
  return aDataset({ status: "ready", splits: { train: { images: perClass * classes, classes: counts } } });
};
const IMAGENET = dataset(1281, 1000), PHOTOS = dataset(500, 10);
const fill = (sent: object, on: Dataset) =>
  applyFinetuneRecipe(FinetuneRequest.parse({ init: null, ...sent }), on, undefined);

Deno.test("applyFinetuneRecipe() has the paper's numbers", () => {
  for (const [preset, fraction] of [["finetune-1pct", 0.01], ["finetune-10pct", 0.1]] as const) {
    const filled = fill({ arch: "resnet50", preset }, IMAGENET);
    assertEquals([filled.label_fraction, filled.base_lr], [fraction, [0.005, 0.01, 0.02, 0.05, 0.1]]);
    assertEquals([filled.epochs, filled.steps, filled.batch, filled.px], [[30, 50], undefined, 1024, 224]);
    assertEquals([filled.weight_decay, filled.momentum, filled.freeze], [0, 0.9, null]);
    assertEquals([filled.validation, filled.refit], [0.2, true]);
  }
});

Deno.test("applyFinetuneRecipe() has small batches and a number of steps for few labels", () => {
  const filled = fill({ arch: "cifar_resnet8", label_fraction: 0.01 }, PHOTOS);
  // 50 labels, of which a fifth is held out
  assertEquals([filled.batch, filled.epochs, filled.steps, filled.px], [40, undefined, [400], 32]);
  assertEquals(fill({ arch: "resnet18", labels_per_class: 500 }, PHOTOS).batch, 64);
});

Deno.test("applyFinetuneRecipe() leaves what is given, and its result gives itself", () => {
  const one = fill({ arch: "resnet18", labels_per_class: 9, base_lr: [0.3], epochs: [2], batch: 8 }, PHOTOS);
  assertEquals([one.validation, one.refit, one.base_lr, one.batch], [null, false, [0.3], 8]);
  const named = fill({ arch: "resnet18", labels_per_class: 9, validation: "val" }, PHOTOS);
  assertEquals([named.validation, named.refit], ["val", false]);
  for (const filled of [one, named, fill({ arch: "resnet50", preset: "finetune-1pct" }, IMAGENET)]) {
    assertEquals(FinetuneConfig.parse(filled), filled);
    assertEquals(fill(filled, filled.preset ? IMAGENET : PHOTOS), filled);
  }
});

Deno.test("applyFinetuneRecipe() takes arch and px of the checkpoint that it begins with", () => {
  const request = FinetuneRequest.parse({ init: "ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV", label_fraction: 1 });
  const { arch, px } = applyFinetuneRecipe(request, PHOTOS, { arch: "cifar_resnet20", px: 24 });
  assertEquals([arch, px], ["cifar_resnet20", 24]);
});

Deno.test("labelCounts() rounds a share of a class, and holds out one at least", () => {
  const counts = (config: object, images: number) => {
    const { train, validation } = labelCounts({ validation: null, ...config }, images);
    return [train, validation];
  };
  assertEquals(counts({ label_fraction: 0.01 }, 1300), [13, 0]);
  assertEquals(counts({ label_fraction: 0.01 }, 49), [0, 0]);
  assertEquals(counts({ label_fraction: 0.01, validation: 0.2 }, 200), [1, 1]);
  assertEquals(counts({ labels_per_class: 10, validation: 0.25 }, 7), [7, 3]);
});
