// Runs every test: makes sure of a Vulkan adapter, the dashboard and a browser for it, hands over to `deno test`, those that start servers beside the others,
// then once more for the kernels with Dawn's WebGPU, and closes with `N passed, N failed`.
import { setPriority } from "node:os";
import { TextLineStream } from "@std/streams/text-line-stream";
import { ensureDashboard } from "../src/setup/build_dashboard.ts";
import { ensureChromium } from "../src/setup/chromium.ts";
import { ensureDawnDriver } from "../src/setup/dawn.ts";
import { ensureAdapter, runtimeDirectory } from "../src/setup/vulkan.ts";

interface Tally {
  passed: number;
  failed: number;
  skipped: number;
  code: number;
}

const say = (line: string) => console.log(line);
const asked = Deno.args;
/** Those that start servers, and so wait for them half of the time. */
const WAITING = ["tests/dashboard", "tests/e2e"];
/** Every other folder here. */
const others = (): string[] =>
  [...Deno.readDirSync("tests")].filter(({ isDirectory }) => isDirectory).map(({ name }) => `tests/${name}`)
    .filter((path) => !WAITING.includes(path)).sort();
// What computes on a GPU is tested with both providers: all of it, or what was asked for of it.
const oracle = Deno.args.length > 0
  ? asked.filter((path) => path.includes("tests/oracle"))
  : ["tests/oracle"];

say(`adapter: ${await ensureAdapter(say)}`);
const notRun: string[] = [];
await ensureDashboard(say);
if (asked.length === 0 || asked.some((path) => path.includes("tests/dashboard"))) {
  const missing = await ensureChromium(say);
  if (missing) notRun.push(`tests/dashboard in a browser: ${missing}`);
}
const withDawn = async (nice = 0): Promise<Tally[]> => {
  if (oracle.length === 0) return [];
  const dawn = await ensureDawnDriver(say);
  if (typeof dawn === "string") {
    notRun.push(`tests/oracle with Dawn: ${dawn}`);
    return [];
  }
  say(`\nonce more with Dawn: ${oracle.join(" ")}\nadapter: ${dawn.adapter}`);
  return [await runTests(oracle, { GPU_PROVIDER: "dawn", ...dawn.env }, nice)];
};
const tallies = Deno.args.length > 0
  ? [await runTests(asked, {}), ...await withDawn()]
  // Those that do not wait compute, and step back for what others wait for.
  : (await Promise.all([
    runTests(WAITING, {}).then((tally) => [tally]),
    runTests(others(), {}, 10).then(async (tally) => [tally, ...await withDawn(10)]),
  ])).flat();
const sum = (part: keyof Tally) => tallies.reduce((total, tally) => total + tally[part], 0);
if (sum("skipped") > 0) say(`${sum("skipped")} skipped; each says why above`);
for (const what of notRun) say(`NOT RUN: ${what}`);
say(`${sum("passed")} passed, ${sum("failed")} failed`);
const code = tallies.find((tally) => tally.code !== 0)?.code ?? 0;
Deno.exit(code || (sum("failed") > 0 ? 1 : 0));

/**
 * Runs `deno test`, its output passed on line by line, and counts what its summary says.
 *
 * @param nice How far it steps back for others that want the processor, as nice(2).
 */
async function runTests(paths: string[], env: Record<string, string>, nice = 0): Promise<Tally> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--quiet", "-P=test", "--no-prompt", ...paths],
    env: { XDG_RUNTIME_DIR: runtimeDirectory(), ALLOW_SOFTWARE_GPU: "1", NO_COLOR: "1", ...env },
    stdout: "piped",
  }).spawn();
  if (nice > 0) setPriority(child.pid, nice);
  let tail = "";
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TextLineStream() as ReadableWritablePair<string, string>,
  );
  for await (const line of lines) {
    say(line);
    tail = `${tail}${line}\n`.slice(-4000);
  }
  const { code } = await child.status;
  const summary = tail.match(/^(?:ok|FAILED) \| .*$/gm)?.at(-1);
  if (!summary) {
    console.error(`Cannot find deno test's summary; it ended with code ${code}`);
    Deno.exit(code || 1);
  }
  /** How many tests, and how many steps of tests, the summary says were `outcome`. */
  const count = (outcome: string): [tests: number, steps: number] => {
    const [, tests = "0", steps = "0"] =
      summary.match(new RegExp(`(\\d+) ${outcome}(?: \\((\\d+) steps?\\))?`)) ?? [];
    return [Number(tests), Number(steps)];
  };
  const [passed] = count("passed"), [failed] = count("failed"), [ignored, ignoredSteps] = count("ignored");
  return { passed, failed, skipped: ignored + ignoredSteps, code };
}
