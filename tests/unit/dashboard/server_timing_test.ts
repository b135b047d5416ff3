import { assertEquals } from "@std/assert";
import { readServerTiming } from "../../../src/dashboard/screens/models/server_timing.ts";

Deno.test("stages are read in the header's order, and what has no duration is left out", () => {
  assertEquals(readServerTiming('decode;dur=1.20, queue;desc="a";dur=0.05, cache;desc=hit, gpu;dur=30'), [
    { name: "decode", ms: 1.2 },
    { name: "queue", ms: 0.05 },
    { name: "gpu", ms: 30 },
  ]);
  assertEquals(readServerTiming(null), []);
});
