import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";

const LOADS = 1000;
/** What a process may hold more at its end than after a fifth of the loads: allocators keep what they were given. */
const ROOM_BYTES = 32 * 2 ** 20;

Deno.test("a model that is loaded and unloaded a thousand times, or fails to load, leaves no memory behind", async () => {
  // Dawn takes seven times as long over one, and of its own memory some 80 KiB a load stay; whose they are is not known.
  const isDawn = Deno.env.get("GPU_PROVIDER") === "dawn", loads = isDawn ? LOADS / 10 : LOADS;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "-P=test", "--v8-flags=--expose-gc"],
      ...[fromFileUrl(new URL("./encoder_loads.ts", import.meta.url)), String(loads)],
    ],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  const said = new TextDecoder().decode(stdout).trim().split("\n").at(-1)!;
  const { most, failures, left, rows, grown, resident } = JSON.parse(said);
  assert(most > 0, "nothing was held while a model was loaded: is it counted?");
  assertEquals({ failures, left, rows }, { failures: loads / 10, left: [0], rows: 1 });
  assertEquals([resident.evictions, resident.over], [-2, 0]); // two are left
  assert(resident.apart.length === 1 && resident.apart[0] < 10_000, JSON.stringify(resident));
  if (!isDawn) assert(grown < ROOM_BYTES, `${grown} bytes in ${loads} loads`);
});
