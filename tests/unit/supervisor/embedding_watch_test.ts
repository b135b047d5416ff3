import { assert, assertEquals, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";
import { DomainError } from "../../../src/domain/errors.ts";
import { ChildProcess } from "../../../src/supervisor/child_process.ts";
import { EmbeddingClient } from "../../../src/supervisor/embedding_client.ts";
import { EmbeddingQueue } from "../../../src/supervisor/embedding_queue.ts";
import { EmbeddingWatch } from "../../../src/supervisor/embedding_watch.ts";

const FAKE = fromFileUrl(new URL("fake_worker.ts", import.meta.url));

/** A watched fake worker whose canary does as told. */
async function withWatched(
  canary: string,
  check: (child: ChildProcess, client: EmbeddingClient, until: typeof waitFor) => Promise<void>,
): Promise<void> {
  const { log, error } = console;
  console.log = console.error = () => {};
  const args = ["run", "--quiet", "--allow-env", "--allow-write", "--allow-run", FAKE];
  const child = new ChildProcess({
    name: "fake",
    program: Deno.execPath(),
    args,
    env: { FAKE_CANARY: canary },
  });
  const watch = new EmbeddingWatch(child, { everyMs: 300, answerMs: 1500, hungMs: 2500 });
  try {
    await child.whenReady();
    await check(child, new EmbeddingClient(child, watch), waitFor);
  } finally {
    watch.close();
    await child.close();
    Object.assign(console, { log, error });
  }
}
async function waitFor(what: string, done: () => boolean): Promise<void> {
  for (const end = Date.now() + 30_000; !done(); await delay(20)) assert(Date.now() < end, what);
}

Deno.test("a worker whose canary is right is left alone", () =>
  withWatched("fine", async (child, client) => {
    const { pid } = child;
    await delay(2500);
    assertEquals([child.pid, client.unready(), child.report.restarts], [pid, [], 0]);
  }));

for (const canary of ["break", "spin"]) {
  Deno.test(`a worker whose canary does not come right (${canary}) is replaced`, () =>
    withWatched(canary, async (child, client, until) => {
      const { pid } = child;
      await until("it is not replaced", () => child.report.restarts > 0 && child.pid !== pid);
      await until("the next is not ready", () => client.ready());
    }));
}

Deno.test("a worker that hangs over embeddings is replaced: who waited is told to try again, and who does is served", () =>
  withWatched("fine", async (child, client, until) => {
    const { pid } = child, image = { width: 1, height: 1, pixels: Uint8Array.of(0, 0, 128) };
    const queue = new EmbeddingQueue(client, { maxImages: 10 });
    const refusals = Array.from({ length: 4 }, () =>
      // two in flight, two that wait
      assertRejects(() => queue.embed("spin", [image]), DomainError));
    for (const { code, options } of await Promise.all(refusals)) {
      assertEquals([code, options.retryAfterSeconds], ["unavailable", 2]);
    }
    await until("it is not replaced", () => child.adapter !== undefined && child.pid !== pid);
    await until("the next is not ready", () => client.ready());
    assertEquals(child.report.restarts, 1);
    assertEquals(queue.queued, 0);
  }));
