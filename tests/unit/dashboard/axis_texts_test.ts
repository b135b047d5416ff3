import { assertEquals } from "@std/assert";
import { axisTexts } from "../../../src/dashboard/screens/jobs/curves/axis_texts.ts";

Deno.test("an axis' lines are told apart, however near they are, and have no digits beyond that", () => {
  assertEquals(axisTexts([0, 0.2, 0.4], "share"), ["0 %", "20 %", "40 %"]);
  assertEquals(axisTexts([0, 0.005, 0.01], "share"), ["0.0 %", "0.5 %", "1.0 %"]);
  assertEquals(axisTexts([0.97, 0.97001, 0.97002], undefined), ["0.97", "0.97001", "0.97002"]);
  assertEquals(axisTexts([0, 1, 2], undefined), ["0", "1", "2"]);
  assertEquals(axisTexts([0, 2 ** 24, 2 ** 25], "bytes"), ["0 B", "16.0 MiB", "32.0 MiB"]);
  assertEquals(axisTexts([0.001, null, 1000], undefined), ["0.001", "", "1,000"]);
  assertEquals(axisTexts([5], undefined), ["5"]);
});
