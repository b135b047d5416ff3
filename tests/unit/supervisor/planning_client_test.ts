import { assertEquals, assertRejects } from "@std/assert";
import { newId } from "../../../src/domain/ids.ts";
import { KnnConfig } from "../../../src/domain/knn.ts";
import { PlanningClient } from "../../../src/supervisor/planning_client.ts";

const work = { kind: "knn" as const, config: KnnConfig.parse({ checkpoint: newId("ckpt") }) };

Deno.test("PlanningClient answers with undefined what takes too long, and what is asked of it as it ends", async () => {
  const hasty = new PlanningClient({ dataDir: "/nowhere", planMs: 1 }, () => undefined); // its thread loads for longer
  assertEquals(await hasty.plan({ dataset: newId("ds"), work }), undefined);
  hasty.close();
  const closed = new PlanningClient({ dataDir: "/nowhere", planMs: 60_000 }, () => undefined);
  const asked = closed.plan({ dataset: newId("ds"), work });
  closed.close();
  assertEquals(await asked, undefined);
});

Deno.test("PlanningClient rejects with what cannot be planned, and plans on", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "planning-" }), dataset = newId("ds");
  const client = new PlanningClient({ dataDir, planMs: 60_000 }, () => undefined);
  try {
    for (let tries = 0; tries < 2; tries++) {
      await assertRejects(() => client.plan({ dataset, work }), Error, `Cannot plan a job on ${dataset}`);
    }
  } finally {
    client.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
