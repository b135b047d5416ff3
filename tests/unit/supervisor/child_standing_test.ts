import { assertEquals } from "@std/assert";
import type { PlanningTarget } from "../../../src/domain/planner.ts";
import { ChildStanding } from "../../../src/supervisor/child_standing.ts";

const target = (adapter: string): PlanningTarget => ({
  ...{
    adapter,
    limits: { maxStorageBufferBindingSize: 1, maxBufferSize: 1 },
    capabilities: {},
    budget: null,
  },
});

Deno.test("ChildStanding keeps what jobs are planned by, also in mixed precision, over a worker's lives", () => {
  const standing = new ChildStanding();
  standing.born();
  assertEquals(standing.report("train", false), { role: "train", up: false, restarts: 0 });
  const report = {
    ...{ provider: "deno", description: "", vendor: "", device: "", driver: "", software: false },
    ...{ features: [], limits: {}, planning: target("own") },
  };
  standing.heard({ type: "ready", adapter: "own", report });
  standing.heard({ type: "vitals", vitals: { resident: 1, mixed: { why: "not chosen yet" } } });
  const { planning, mixedPlanning } = standing.report("train", true);
  assertEquals([planning?.adapter, mixedPlanning], ["own", undefined]);
  const mixed = { why: "by Dawn", planning: target("Dawn's") };
  standing.heard({ type: "vitals", vitals: { resident: 1, mixed } });
  standing.born(); // it has died, and another has not looked yet
  standing.heard({ type: "vitals", vitals: { resident: 1, mixed: { why: "not chosen yet" } } });
  const later = standing.report("train", true);
  assertEquals([later.planning?.adapter, later.mixedPlanning?.adapter, later.restarts], ["own", "Dawn's", 1]);
});
