import { assertEquals } from "@std/assert";
import { pathOf } from "../../../src/dashboard/screens/home/curve_path.ts";

Deno.test("a small curve spans its box: the first step at the left, the least value at the bottom", () => {
  assertEquals(pathOf([[10, 1], [20, 3], [30, 2]]), "M0.0 97.0L300.0 3.0L600.0 50.0");
  assertEquals(pathOf([[0, 5], [1, 5]]), "M0.0 50.0L600.0 50.0"); // and a flat one is in the middle
});
