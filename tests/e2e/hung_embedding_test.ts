// An embedding worker that hangs with embeddings in flight, as one does whose driver blocks: the real child, stopped by a
// signal, and the real API before it.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FileCheckpointLibrary } from "../../src/checkpoint/checkpoint_reader.ts";
import { readConfig } from "../../src/config.ts";
import { DecoderPool } from "../../src/data/decoder_pool.ts";
import { encodePng } from "../../src/data/encode_png.ts";
import { openSqliteStore } from "../../src/store/sqlite_store.ts";
import { ChildProcess } from "../../src/supervisor/child_process.ts";
import { workerCommand } from "../../src/supervisor/commands.ts";
import { EmbeddingClient } from "../../src/supervisor/embedding_client.ts";
import { EmbeddingQueue } from "../../src/supervisor/embedding_queue.ts";
import { EmbeddingWatch } from "../../src/supervisor/embedding_watch.ts";
import { withApi } from "../unit/api/api_scene.ts";
import { modelsOf } from "./models.ts";
import { noise } from "./noise.ts";
import { isAlive, TestServer } from "./server.ts";

const PX = 8, HUNG_MS = 5000;
const main = fromFileUrl(new URL("../../main.ts", import.meta.url));

Deno.test({
  name: "an embedding worker that hangs is killed: who waited gets a 503, and the next request an embedding",
  sanitizeOps: false, // the children outlive what started them
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-hung-embed-" });
  const server = await TestServer.start(dataDir), [model] = await modelsOf(server, 1, PX);
  await server.stop();

  const env: Record<string, string> = { ALLOW_SOFTWARE_GPU: "1", DATA_DIR: dataDir };
  const config = readConfig((name) => env[name]);
  const child = new ChildProcess(
    workerCommand("embed", {
      ...{ main, config, dataDir, decoders: [], sharp: [], runtimeDirectory: "/tmp" },
    }),
  );
  const watch = new EmbeddingWatch(child, { everyMs: 1000, answerMs: HUNG_MS, hungMs: HUNG_MS });
  const store = openSqliteStore(`${dataDir}/latentd.sqlite`), decoder = new DecoderPool(1);
  const embedder = new EmbeddingQueue(new EmbeddingClient(child, watch), { maxImages: 100 });
  const checkpoints = new FileCheckpointLibrary(`${dataDir}/checkpoints`);
  try {
    await withApi(async ({ post, get }) => {
      const input = (await encodePng(noise(PX, 1))).toBase64();
      const embed = () => post("/v1/embeddings", { model, input });
      await child.whenReady();
      const { data: [{ embedding: expected }] } = await (await embed()).json();
      const hung = child.pid!;
      Deno.kill(hung, "SIGSTOP");
      const began = performance.now(), waiting = Array.from({ length: 5 }, embed);
      for (const response of await Promise.all(waiting)) {
        const { error } = await response.json();
        assertEquals([response.status, response.headers.get("Retry-After"), error.code], [
          ...[503, "2", "worker_not_ready"],
        ]);
      }
      assert(performance.now() - began >= HUNG_MS - 1000, "it was killed before it could be taken to hang");
      await server.until(async () => (await get("/readyz")).status, (status) => status === 200, 60);
      assertEquals([child.pid === hung, isAlive(hung)], [false, false]);
      const again = await embed();
      assertEquals(again.status, 200);
      assertEquals((await again.json()).data[0].embedding, expected);
    }, { store, checkpoints, decoder, embedder });
  } finally {
    watch.close();
    await child.close();
    decoder.close();
    store.close();
    await Deno.remove(dataDir, { recursive: true });
  }
});
