import { assert, assertEquals } from "@std/assert";
import { isAlive, TestServer } from "./server.ts";

/** The bound. */
const BACK_MS = 5000;

Deno.test({
  name: "an embedding worker that dies or hangs makes the server unready, and is replaced",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-ready-" });
  const server = await TestServer.start(dataDir);
  const readiness = async (): Promise<{ status: number; retryAfter: string | null; detail: string }> => {
    const response = await server.fetch("/readyz"), { detail = "" } = await response.json();
    return { status: response.status, retryAfter: response.headers.get("Retry-After"), detail };
  };
  const until = (status: number) => server.until(readiness, (now) => now.status === status, 60);
  const another = (pid: number) => server.until(() => server.child("embed"), (now) => now !== pid, 60);
  try {
    await until(200);
    const first = await server.child("embed");
    Deno.kill(first, "SIGKILL");
    const died = performance.now();
    const { detail, retryAfter } = await until(503);
    assertEquals([detail, retryAfter], ["Cannot embed yet: the embedding worker is starting", "2"]);
    await until(200);
    const back = performance.now() - died;
    assert(back < BACK_MS, `it was back after ${back} ms`);

    const second = await another(first);
    Deno.kill(second, "SIGSTOP"); // as a driver that never returns
    const silent = await until(503);
    assert(/the embedding worker has said nothing for \d+ s/.test(silent.detail), silent.detail);
    assertEquals(silent.retryAfter, "2");
    assertEquals(await server.statusOf("/healthz"), 200);
    const third = await another(second);
    await until(200);
    assert(!isAlive(second) && isAlive(third));
    const restarts = /^latentd_worker_restarts_total\{role="embed"\} (\d+)$/m;
    const [, count] = (await (await server.fetch("/metrics")).text()).match(restarts) ?? [];
    assertEquals(count, "2");
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
