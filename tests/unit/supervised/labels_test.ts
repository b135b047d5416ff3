import { assert, assertEquals, assertThrows } from "@std/assert";
import { DomainError } from "../../../src/domain/errors.ts";
import { chooseLabels, outputsOf } from "../../../src/supervised/labels.ts";
import { NO_CLASS } from "../../../src/training/label_figures.ts";

/** 60 images of classes b and d, unevenly many, and some of none; the test split has a class of its own. */
const reader = {
  classes: ["a", "b", "c", "d"],
  items: (split?: string) =>
    Uint32Array.from({ length: split === "val" ? 6 : 60 }, (_, n) => split === "val" ? 100 + n : n),
  classOf: (n: number) => n % 5 === 4 ? -1 : n % 3 === 0 ? 1 : 3,
};
const config = { split: "train", validation: null, labels_per_class: 8, label_seed: 1 };
const classesOf = (items: Uint32Array) => Array.from(items, (n) => reader.classOf(n));

Deno.test("chooseLabels() takes as many of each class, seeded, and none without a class", () => {
  const { classes, train, validation } = chooseLabels(reader, config);
  assertEquals([classes, validation.length], [["b", "d"], 0]);
  assertEquals(classesOf(train).sort(), [...Array(8).fill(1), ...Array(8).fill(3)]);
  assertEquals(train, train.toSorted());
  assertEquals(chooseLabels(reader, config).train, train);
  const other = chooseLabels(reader, { ...config, label_seed: 2 }).train;
  assert(other.some((n, i) => n !== train[i]), "another seed chooses the same");
});

Deno.test("a larger choice of the same seed has all of a smaller one", () => {
  const few = chooseLabels(reader, { ...config, labels_per_class: 3 }).train;
  const many = new Set(chooseLabels(reader, config).train);
  assert(few.every((n) => many.has(n)));
});

Deno.test("a share is of each class, rounded; what validation holds out is trained on by none", () => {
  const { train, validation } = chooseLabels(reader, {
    ...{ split: "train", label_seed: 0, label_fraction: 0.5, validation: 0.25 },
  });
  const counts = (items: Uint32Array) =>
    [1, 3].map((c) => classesOf(items).filter((label) => label === c).length);
  // 16 images of b and 32 of d have a class.
  assertEquals([counts(train), counts(validation)], [[6, 12], [2, 4]]);
  assertEquals(new Set([...train, ...validation]).size, 24);
});

Deno.test("a split for validation is all of its images that have a class", () => {
  const { validation } = chooseLabels(reader, { ...config, validation: "val" });
  assertEquals([...validation], [100, 101, 102, 103, 105]);
});

Deno.test("too few images of a class are refused, by its name", () => {
  const error = assertThrows(() => chooseLabels(reader, { ...config, labels_per_class: 17 }), DomainError);
  assertEquals(error.code, "invalid");
  assert(error.message.includes("class b has 16 images"), error.message);
});

Deno.test("outputsOf() gives no output to classes that the head does not tell apart", () => {
  assertEquals([...outputsOf(reader, ["b", "d"])], [NO_CLASS, 0, NO_CLASS, 1]);
});
