import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";
import { ChildProcess } from "../../../src/supervisor/child_process.ts";
import { ModelWarmer } from "../../../src/supervisor/model_warmer.ts";

const FAKE = fromFileUrl(new URL("fake_worker.ts", import.meta.url));

/** A fake worker that is told to make `named` ready, and what it was told so far. */
async function withWarmer(
  named: string[],
  check: (child: ChildProcess, warmer: ModelWarmer, told: string[]) => Promise<void>,
): Promise<void> {
  const { log, error } = console;
  console.log = console.error = () => {};
  const args = ["run", "--quiet", "--allow-env", "--allow-write", "--allow-run", FAKE];
  const child = new ChildProcess({ name: "fake", program: Deno.execPath(), args });
  const told: string[] = [], request = child.request.bind(child);
  child.request = (body, ...rest) => {
    if (body.type === "warm") told.push(body.checkpoint);
    return request(body, ...rest);
  };
  const warmer = new ModelWarmer(child, () => named);
  try {
    await child.whenReady();
    await check(child, warmer, told);
  } finally {
    warmer.close();
    await child.close();
    Object.assign(console, { log, error });
  }
}
async function until(what: string, done: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !done(); await delay(20)) assert(Date.now() < end, what);
}

Deno.test("whenever a worker starts it makes the named models ready, and is not ready until it has", () =>
  withWarmer(["a", "refuse", "b"], async (child, warmer, told) => {
    assertEquals(warmer.warming(), ["3 models are still to be made ready"]);
    await until("it is warm", () => warmer.warming().length === 0);
    assertEquals(told, ["a", "refuse", "b"]); // one that cannot be is no reason to leave the others
    const { pid } = child;
    child.kill();
    await until("another is there", () => child.adapter !== undefined && child.pid !== pid);
    await until("it is warm too", () => warmer.warming().length === 0);
    assertEquals(told, ["a", "refuse", "b", "a", "refuse", "b"]);
  }));

Deno.test("a model that a worker dies of is not asked of the next, and one that gets a name is made ready", () =>
  withWarmer(["die", "a"], async (child, warmer, told) => {
    const { pid } = child;
    assert(warmer.warming().length > 0);
    await until("another is there", () => child.adapter !== undefined && child.pid !== pid);
    await until("it is warm", () => warmer.warming().length === 0);
    assertEquals([told[0], ...told.slice(-1)], ["die", "a"]);
    assertEquals(told.filter((one) => one === "die").length, 1);
    await warmer.warm("b");
    assertEquals(told.at(-1), "b");
  }));
