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
const summary = [
  ...tail.matchAll(/^(?:ok|FAILED) \| (\d+) passed.*? \| (\d+) failed(?: \| (\d+) ignored)?/gm),
].at(-1);
if (!summary) {
  console.error(`Cannot find deno test's summary; it ended with code ${code}`);
  Deno.exit(code || 1);
}
const [, passed, failed, ignored] = summary;
if (Number(ignored) > 0) console.log(`${ignored} skipped; each says why above`);
console.log(`${passed} passed, ${failed} failed`);
Deno.exit(code !== 0 || Number(failed) > 0 ? code || 1 : 0);
