import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { ScoreTally } from "../../../src/evaluation/classifier_scores.ts";

Deno.test("a tally counts the largest, the five largest, and each class for itself", () => {
  const tally = new ScoreTally(7);
  tally.add(Float32Array.of(9, 1, 2, 3, 4, 5, 6), 0);
  tally.add(Float32Array.of(0, 1, 2, 3, 4, 5, 6), 0); // the seventh
  tally.add(Float32Array.of(9, 1, 2, 3, 4, 5, 6), 3); // the fifth
  tally.add(Float32Array.of(0, 7, 7, 0, 0, 0, 0), 1); // of equal ones the first
  tally.add(Float32Array.of(0, 7, 7, 0, 0, 0, 0), 2);
  tally.add(Float32Array.of(0, NaN, 7, 0, 0, 0, 0), 2); // no answer at all
  const { top1, top5, mean_per_class, per_class, images } = tally.scores();
  assertEquals(images, 6);
  assertAlmostEquals(top1, 2 / 6);
  assertAlmostEquals(top5, 4 / 6);
  assertEquals(per_class, [0.5, 1, 0, 0, null, null, null]);
  assertAlmostEquals(mean_per_class, 1.5 / 4);
});

Deno.test("a tally of nothing has no scores", () => {
  assertThrows(() => new ScoreTally(2).scores(), RangeError, "at least one image needed, got 0");
});
