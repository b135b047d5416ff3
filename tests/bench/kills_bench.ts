import { fromFileUrl } from "@std/path";
import { RandomStream } from "../../src/domain/philox.ts";
import { surviveKills } from "../e2e/kill_points.ts";
import type { OptionValues } from "./options.ts";

export const KILLS_OPTIONS = {
  kills: { about: "kills in all", default: 50 },
  seed: { about: "draws what is killed, and when", default: 1 },
} as const;

/** Kills a real server and its worker at random moments; ends at the first thing that is lost. */
export async function kills({ kills, seed }: OptionValues<typeof KILLS_OPTIONS>): Promise<void> {
  const directory = fromFileUrl(new URL(`./results/kills-${Deno.pid}`, import.meta.url));
  await Deno.mkdir(directory, { recursive: true });
  const start = performance.now(), counts = { "server": 0, "train worker": 0 };
  try {
    const found = await surviveKills(directory, kills, new RandomStream(seed, 97), (point) => {
      const n = ++counts[point.what] + counts[point.what === "server" ? "train worker" : "server"];
      console.log(
        `${String(n).padStart(3)}  ${point.what.padEnd(12)}  after ${
          String(point.after_ms).padStart(5)
        } ms  at step ${point.step}`,
      );
    });
    const seconds = (performance.now() - start) / 1000;
    console.log(
      `\n${kills} kills in ${
        Math.round(seconds)
      } s: ${found.jobs} jobs, all there and each with the bits of one ` +
        `that was left alone; ${found.checkpoints} checkpoints whole; ${found.events} events without a gap\n`,
    );
    console.log(JSON.stringify({ case: "kills", kills, seed, seconds, counts, ...found }));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}
