import { assert, assertEquals } from "@std/assert";
import { mostBytes } from "./memory.ts";
import { TestServer } from "./server.ts";

/** Small enough that a server which reads on at each border of a chunk runs ahead of what it hands on. */
const CHUNK = 16_384, BODY = 200e6;

Deno.test("a body that comes in many small chunks is written as it comes, not held in memory", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-chunked-" });
  const server = await TestServer.start(dataDir);
  try {
    const before = mostBytes(server.process.pid), chunk = new Uint8Array(CHUNK).fill(65);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += CHUNK;
        controller.enqueue(chunk);
        if (sent >= BODY) controller.close();
      },
    });
    const { counts } = await server.json("/v1/datasets?name=chunked", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body,
    }) as unknown as { counts: { bytes: number } };
    assertEquals(counts.bytes, sent);
    const held = mostBytes(server.process.pid) - before;
    assert(held < BODY / 2, `${held} bytes of ${sent} were held`);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
