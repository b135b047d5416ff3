import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { DomainError } from "../../../src/domain/errors.ts";
import type { Reply } from "../../../src/ipc/messages.ts";
import { ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { EmbeddingClient } from "../../../src/supervisor/embedding_client.ts";

const FAKE = fromFileUrl(new URL("./fake_worker.ts", import.meta.url));

/** A real child for one test; its chatter is kept off the test's output. */
async function withChild(use: (child: ChildProcess) => Promise<void>): Promise<void> {
  const error = console.error;
  console.error = () => {};
  const child = new ChildProcess({
    name: "fake",
    program: Deno.execPath(),
    args: ["run", "--quiet", "-A", FAKE],
  });
  try {
    await use(child);
  } finally {
    await child.close();
    console.error = error;
  }
}
const ask = (child: ChildProcess, checkpoint: string, heard?: (reply: Reply) => void, signal?: AbortSignal) =>
  child.request({ type: "embed", checkpoint, images: [] }, Uint8Array.of(1, 2, 3), heard, signal);

Deno.test("a request is answered with result, payload and what was said on the way", async () => {
  await withChild(async (child) => {
    const heard: string[] = [];
    const { result, payload } = await ask(child, "x", (reply) => {
      if (reply.type === "message") heard.push(reply.text);
    });
    assertEquals([result.pid, [...payload], heard], [child.pid, [1, 2, 3], ["working on x"]]);
    assertEquals(child.adapter, "fake adapter");
  });
});

Deno.test("a DomainError crosses with its code, type and errors; any other with its message", async () => {
  await withChild(async (child) => {
    const refused = await assertRejects(() => ask(child, "refuse"), DomainError, "Cannot do this");
    assertEquals((refused as DomainError).code, "invalid");
    assertEquals((refused as DomainError).options, {
      type: "fake",
      errors: [{ detail: "wrong", pointer: "#/a" }],
    });
    const broken = await assertRejects(() => ask(child, "break"), Error, "a secret of the inside");
    assert(!(broken instanceof DomainError));
    await ask(child, "still there");
  });
});

Deno.test("a child that is killed is started again: its request fails, the next succeeds", async () => {
  await withChild(async (child) => {
    const first = (await ask(child, "x")).result.pid;
    const waiting = assertRejects(() => ask(child, "wait"), WorkerDied, "SIGKILL");
    await assertRejects(() => ask(child, "die"), WorkerDied);
    await waiting;
    assertNotEquals((await ask(child, "x")).result.pid, first);
  });
});

Deno.test("a child that writes what is no frame is ended and started again", async () => {
  await withChild(async (child) => {
    await assertRejects(() => ask(child, "babble"), WorkerDied);
    await ask(child, "x");
  });
});

Deno.test("an aborted request rejects at once and the child goes on", async () => {
  await withChild(async (child) => {
    const controller = new AbortController();
    await assertRejects(
      () => ask(child, "wait", () => controller.abort(new Error("enough")), controller.signal),
      Error,
      "enough",
    );
    await ask(child, "x");
  });
});

Deno.test("the embedder is unavailable, not broken, while no worker is ready or when it dies", async () => {
  await withChild(async (child) => {
    const embedder = new EmbeddingClient(child), image = { width: 1, height: 1, pixels: new Uint8Array(3) };
    assertEquals(embedder.ready(), false);
    const early = await assertRejects(() => embedder.embed("x", [image]), DomainError, "is starting");
    assertEquals((early as DomainError).code, "unavailable");
    await child.whenReady();
    assertEquals(embedder.ready(), true);
    const late = await assertRejects(() => embedder.embed("die", [image]), DomainError, "try again");
    assertEquals((late as DomainError).code, "unavailable");
  });
});
