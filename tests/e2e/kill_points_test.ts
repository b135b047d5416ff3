import { assertEquals } from "@std/assert";
import { RandomStream } from "../../src/domain/philox.ts";
import { type KillPoint, surviveKills } from "./kill_points.ts";

/** `deno task bench kills` has fifty. */
const KILLS = 5;

Deno.test({
  name: "jobs survive a kill of the server or of their worker at random moments",
  // The server and its children outlive their steps; the harness ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-e2e-kills-" }), points: KillPoint[] = [];
  const seed = crypto.getRandomValues(new Uint32Array(1))[0];
  try {
    await surviveKills(directory, KILLS, new RandomStream(seed, 97), (point) => points.push(point));
    assertEquals(points.length, KILLS);
  } catch (error) {
    console.error(`seed ${seed}, kills ${JSON.stringify(points)}`); // so that it can be had again
    throw error;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
