import { fromFileUrl, join } from "@std/path";
import { RandomStream } from "../../src/domain/philox.ts";
import { TestServer } from "../e2e/server.ts";
import { digits, mebibytes, median, printTable } from "./figures.ts";
import { Probe } from "./health_probe.ts";
import type { OptionValues } from "./options.ts";
import { residentBytes, treeOf } from "./processes.ts";
import { SoakClients } from "./soak_clients.ts";

export const SOAK_OPTIONS = {
  minutes: { about: "for which it goes on; processes are killed in the first half only", default: 10 },
  seed: { about: "draws what is done and what is killed, and when", default: 1 },
} as const;
const LOOK_MS = 1000, KILL_EVERY_MS = 20_000, GROWTH = 0.05;
/** What a person has to read in a log: lines of errors, but for those that a kill makes. */
const EXPECTED =
  /the process ended with SIGKILL|starting again in|worker stopped: |not listed by the database/;

/**
 * A real server under uploads, jobs and embeddings at once, with kills of it and its children in the first half: at the end
 * all that was acknowledged is there, its memory has not grown in the second half, and its log has no unexpected line.
 */
export async function soak({ minutes, seed }: OptionValues<typeof SOAK_OPTIONS>): Promise<void> {
  const directory = fromFileUrl(new URL(`./results/soak-${Deno.pid}`, import.meta.url));
  await Deno.mkdir(directory, { recursive: true });
  const random = new RandomStream(seed, 98), unexpected: string[] = [], dataDir = join(directory, "data");
  const start = (): Promise<TestServer> =>
    TestServer.start(dataDir, { DECODE_WORKERS: "1" }, (line) => {
      if (!EXPECTED.test(line)) unexpected.push(line);
    });
  let server = await start();
  const clients = new SoakClients(() => server, random), memory: { at: number; bytes: number }[] = [];
  const began = performance.now(), now = () => performance.now() - began, whole = 60_000 * minutes;
  let kills = 0, probe: Probe | undefined;
  try {
    clients.start();
    const look = setInterval(() => {
      const pids = treeOf(server.process.pid);
      memory.push({ at: now(), bytes: pids.reduce((sum, pid) => sum + residentBytes(pid), 0) });
    }, LOOK_MS);
    while (now() < whole / 2) {
      await new Promise((resolve) => setTimeout(resolve, random.below(2 * KILL_EVERY_MS)));
      if (now() >= whole / 2) break;
      const what = ["train", "embed", "ingest", "server"][random.below(4)];
      kills++;
      console.log(`${digits(now() / 1000).padStart(5)} s  ${what} is killed; ${clients.standing()}`);
      if (what === "server") {
        clients.interrupted = true;
        await server.crash();
        server = await start();
        clients.interrupted = false;
      } else {
        const pid = treeOf(server.process.pid, `${what}-worker`)[0];
        if (pid) Deno.kill(pid, "SIGKILL");
      }
    }
    probe = new Probe(`${server.url}/healthz`);
    const health = await probe.during(Math.max(1, (whole - now()) / 1000));
    clearInterval(look);
    const lost = await clients.settle();
    // The processes of the second half are the same throughout: a third of it lets them come to their size.
    const half = memory.filter(({ at }) => at > (2 / 3) * whole), third = Math.ceil(half.length / 3);
    const first = median(half.slice(0, third).map(({ bytes }) => bytes)),
      last = median(half.slice(-third).map(({ bytes }) => bytes));
    const growth = last / first - 1;
    printTable(["", ">"], [
      ["minutes, kills", `${minutes}, ${kills}`],
      ["acknowledged", clients.standing()],
      ["lost or wrong", lost.length === 0 ? "nothing" : lost.join("; ")],
      ["memory, all processes, in the second half", `${mebibytes(first)} → ${mebibytes(last)}`],
      [
        "/healthz in the second half, p50 / p99 / most ms",
        [health.p50, health.p99, health.max].map(digits).join(" / "),
      ],
      ["unexpected lines in its log", String(unexpected.length)],
    ]);
    for (const line of unexpected.slice(0, 20)) console.log(`  ${line}`);
    const met = lost.length === 0 && unexpected.length === 0 && growth < GROWTH;
    console.log(
      `\ntarget: nothing lost, memory within ${100 * GROWTH} %, a clean log: ${met ? "met" : "MISSED"}\n`,
    );
    console.log(
      JSON.stringify({ case: "soak", minutes, seed, kills, lost, growth, first, last, health, unexpected }),
    );
  } finally {
    probe?.close();
    clients.stop();
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
}
