import { assertEquals } from "@std/assert";
import {
  compareRanks,
  countClasses,
  type Neighbor,
  overlap,
} from "../../../src/dashboard/screens/neighbors/compare_ranks.ts";

const of = (...numbers: number[]): Neighbor[] =>
  numbers.map((n) => ({
    ...{ n, path: `${n}.png`, split: "train", class: n % 2 ? "odd" : null, similarity: 0.5, distance: 0.5 },
  }));

Deno.test("compareRanks() and overlap() tell where each neighbour stands on the other side", () => {
  const here = of(4, 7, 1, 9), there = of(7, 4, 2);
  assertEquals(compareRanks(here, there).map(({ rank, otherRank }) => [rank, otherRank]), [
    ...[[1, 2], [2, 1], [3, undefined], [4, undefined]],
  ]);
  assertEquals(overlap(here, there), { common: 2, share: 2 / 5 });
  assertEquals(overlap([], []), { common: 0, share: 0 });
  assertEquals(countClasses(here), [["odd", 3], [null, 1]]);
});
