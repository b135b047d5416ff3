import { assert, assertEquals } from "@std/assert";
import { serveCommand, TestServer } from "./server.ts";

Deno.test({
  name:
    "a second server on one DATA_DIR refuses in a line, touches nothing, and may start once the first is gone",
  sanitizeOps: false, // the first server's output is read until it ends
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-second-" });
  let server = await TestServer.start(dataDir);
  try {
    // What the first one is in the middle of writing.
    const unfinished = `${dataDir}/checkpoints/.ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV.tmp`;
    await Deno.mkdir(unfinished, { recursive: true });
    for (let start = 0; start < 2; start++) {
      // A backup copies the very file that the lock is on.
      if (start > 0) assertEquals((await server.post("/v1/backups", {})).status, 201);
      const { code, stderr } = await serveCommand(dataDir).output();
      const said = new TextDecoder().decode(stderr).trim();
      assertEquals([code, said.split("\n").length], [2, 1], said);
      assert(/^Cannot start: DATA_DIR .*latentd\.sqlite: another process holds it/.test(said), said);
      assertEquals((await Deno.stat(unfinished)).isDirectory, true);
      assertEquals(await server.statusOf("/healthz"), 200);
    }
    assertEquals((await server.json("/v1/jobs")).data, []);
    await server.crash(); // its lock goes with it
    server = await TestServer.start(dataDir);
    assertEquals(await server.statusOf("/healthz"), 200);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
