import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { knnAccuracy } from "../../../src/evaluation/knn.ts";

const set = (rows: number[][], labels: number[]) => ({
  rows: Float32Array.from(rows.flat()),
  labels: Int32Array.from(labels),
});

Deno.test("knnAccuracy() counts queries whose neighbours vote for their class", () => {
  const bank = set([[1, 0], [0.9, 0.1], [0, 1], [0.1, 5]], [0, 0, 1, 1]);
  const queries = set([[3, 0.1], [0.1, 2], [1, 0]], [0, 1, 1]);
  assertAlmostEquals(knnAccuracy(bank, queries, 2, { k: 2, temperature: 0.1 }), 2 / 3);
});

Deno.test("knnAccuracy() weighs votes by exp(similarity / temperature)", () => {
  // One exact neighbour of class 1 against two far ones of class 0.
  const bank = set([[1, 0], [0, 1], [0, 1]], [1, 0, 0]), query = set([[1, 0]], [1]);
  assertEquals(knnAccuracy(bank, query, 2, { k: 3, temperature: 0.1 }), 1);
  assertEquals(knnAccuracy(bank, query, 2, { k: 3, temperature: 100 }), 0);
});

Deno.test("knnAccuracy() takes the earlier of equally near rows, and the lower of equally voted classes", () => {
  const bank = set([[1, 0], [2, 0], [3, 0]], [2, 1, 1]);
  assertEquals(knnAccuracy(bank, set([[1, 0]], [2]), 2, { k: 1, temperature: 1 }), 1);
  assertEquals(knnAccuracy(bank, set([[1, 0]], [1]), 2, { k: 2, temperature: 1 }), 1);
});

Deno.test("knnAccuracy() refuses rows without a label", () => {
  const bank = set([[1, 0]], [-1]);
  assertThrows(() => knnAccuracy(bank, set([[1, 0]], [0]), 2, { k: 1, temperature: 1 }), RangeError, "bank");
  assertThrows(
    () => knnAccuracy(set([[1, 0]], [0]), set([], []), 2, { k: 1, temperature: 1 }),
    RangeError,
    "queries",
  );
});
