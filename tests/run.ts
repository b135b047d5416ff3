// Runs every test: makes sure of a Vulkan adapter, hands over to `deno test`, and closes with `N passed, N failed`.
import { ensureAdapter, runtimeDirectory } from "../src/setup/vulkan.ts";

const adapter = await ensureAdapter((line) => console.log(line));
console.log(`adapter: ${adapter}`);
const child = new Deno.Command(Deno.execPath(), {
  args: ["test", "--quiet", "-P=test", "--no-prompt", ...(Deno.args.length > 0 ? Deno.args : ["tests/"])],
  env: { XDG_RUNTIME_DIR: runtimeDirectory(), ALLOW_SOFTWARE_GPU: "1", NO_COLOR: "1" },
  stdout: "piped",
}).spawn();
let tail = "";
for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
  await Deno.stdout.write(new TextEncoder().encode(text));
  tail = (tail + text).slice(-4000);
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
const skipped = ignored + ignoredSteps;
if (skipped > 0) console.log(`${skipped} skipped; each says why above`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(code !== 0 || failed > 0 ? code || 1 : 0);
