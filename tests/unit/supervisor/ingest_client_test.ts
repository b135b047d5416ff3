import { assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import type { DatasetSummary } from "../../../src/domain/dataset.ts";
import { DEFAULT_SETTINGS } from "../../../src/domain/dataset.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import type { IngestStanding } from "../../../src/domain/ports.ts";
import { ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { IngestClient } from "../../../src/supervisor/ingest_client.ts";
import { isAlive } from "../../e2e/server.ts";

const FAKE = fromFileUrl(new URL("./fake_worker.ts", import.meta.url));
const TASK = { settings: DEFAULT_SETTINGS };

/** A client of a real child that does as the archive's name says. */
async function withClient(
  use: (client: IngestClient, ask: (archive: string) => Promise<DatasetSummary>) => Promise<void>,
): Promise<void> {
  const { log, error } = console;
  console.log = console.error = () => {};
  const args = ["run", "--quiet", "--allow-env", "--allow-run", FAKE];
  const child = new ChildProcess({ name: "fake", program: Deno.execPath(), args });
  const client = new IngestClient(child, 2000);
  try {
    await use(client, (archive) => client.ingest({ name: "a set", archive, dataset: "/nowhere" }, TASK));
  } finally {
    await child.close();
    Object.assign(console, { log, error });
  }
}
const pidOf = (summary: DatasetSummary): number => (summary as unknown as { pid: number }).pid;

Deno.test("an ingest is answered with its summary, and its progress is told", async () => {
  await withClient(async (client) => {
    const told: IngestStanding[] = [], onProgress = (so: IngestStanding) => void told.push(so);
    const what = { name: "a set", archive: "x", dataset: "/nowhere" };
    assertEquals(pidOf(await client.ingest(what, { ...TASK, onProgress })), client.child.pid);
    assertEquals(told, [{ images: 1, rejected: 0, bytesRead: 2, bytesTotal: 3 }]);
  });
});

Deno.test("a worker that loops for ever over an archive is killed, and the next archive gets another", async () => {
  await withClient(async (_, ask) => {
    const first = pidOf(await ask("x"));
    const refused = await assertRejects(() => ask("spin"), DomainError, "never comes to an end");
    assertEquals([refused.code, refused.options.type], ["malformed", "archive_malformed"]);
    assertNotEquals(pidOf(await ask("x")), first);
    assertEquals(isAlive(first), false);
  });
});

Deno.test("a worker that dies over an archive gets a second try, and no third", async () => {
  await withClient(async (client, ask) => {
    const first = pidOf(await ask("x"));
    await assertRejects(() => ask("die"), WorkerDied);
    assertNotEquals(pidOf(await ask("x")), first);
    assertEquals(client.child.isClosed, false);
  });
});

Deno.test("a worker that had to give up a decoding thread is replaced, its answer taken", async () => {
  await withClient(async (_, ask) => {
    const first = pidOf(await ask("leaves a thread behind"));
    assertNotEquals(pidOf(await ask("x")), first);
  });
});

Deno.test("an ingest that is given up rejects once the worker has stopped", async () => {
  await withClient(async (client, ask) => {
    const stop = new AbortController(), what = { name: "a set", archive: "wait", dataset: "/nowhere" };
    setTimeout(() => stop.abort(new Error("enough")), 500);
    await assertRejects(() => client.ingest(what, { ...TASK, signal: stop.signal }), Error, "enough");
    await ask("x");
  });
});
