// Models that the embedding worker holds ready: those with names before it is ready, as many as there is memory for.
import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { modelsOf } from "./models.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

const PX = 8;
const input = (await encodePng(noise(PX, 1))).toBase64();

Deno.test({
  name: "models with names are ready before the server is, and those that there is no room for make room",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-resident-" });
  let server = await TestServer.start(dataDir);
  const embed = async (model: string) => {
    const { data } = await (await server.post("/v1/embeddings", { model, input })).json();
    return data[0].embedding as number[];
  };
  const name = (alias: string, checkpoint: string) =>
    server.json(`/v1/models/${alias}`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ checkpoint }),
    });
  /** What `/v1/system` tells of the embedding worker, which tells it once a second. */
  const held = async () => {
    const { workers } = await server.json("/v1/system") as unknown as {
      workers: { role: string; models: { checkpoint: string; bytes: number }[] | null }[];
    };
    return workers.find(({ role }) => role === "embed")!.models ?? [];
  };
  const until = (checkpoints: string[]) =>
    server.until(
      held,
      (models) => JSON.stringify(models.map(({ checkpoint }) => checkpoint)) === JSON.stringify(checkpoints),
      30,
    );
  const ready = () => server.until(() => server.statusOf("/readyz"), (status) => status === 200);
  try {
    const [a, b, c] = await modelsOf(server, 3, PX);
    await ready();
    const rows = [await embed(a), await embed(b), await embed(c)];
    const cold = (await until([c, b, a]))[0].bytes;
    await name("a", a);
    const warm = (await server.until(held, ([{ checkpoint, bytes }]) => checkpoint === a && bytes > cold))[0];

    await server.stop();
    // Room for two that are cold, and not for one that is warm and another.
    server = await TestServer.start(dataDir, { EMBED_MEMORY_BYTES: String(2 * cold) });
    await ready();
    const [{ checkpoint, bytes }] = await until([a]);
    assert(checkpoint === a && bytes >= cold && bytes <= 2 * cold && bytes <= warm.bytes, `${bytes} bytes`);
    assertEquals(await embed(b), rows[1]);
    assertEquals(await embed(c), rows[2]);
    const models = await until([c, b]);
    assert(models.reduce((sum, { bytes }) => sum + bytes, 0) <= 2 * cold);
    assertEquals(await embed("a"), rows[0]);
    await until([a, c]);

    // One that takes over holds the same, though only one of them has a name.
    const worker = await server.child("embed");
    Deno.kill(worker, "SIGKILL");
    await server.until(() => server.child("embed"), (pid) => pid !== worker, 60);
    await ready();
    await server.until(held, (models) => models.some(({ checkpoint }) => checkpoint === a), 30);
    assertEquals(await embed(c), rows[2]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
