// What an embeddings request may take: past it the answer is 504, and nothing of it is embedded that had not begun.
import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { modelsOf } from "./models.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

const PX = 8, SECONDS = 2, WAITING = 5;
const input = (await encodePng(noise(PX, 1))).toBase64();

Deno.test({
  name: "an embeddings request that takes too long is answered with 504, dropped, and harms no other",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-deadline-" });
  const server = await TestServer.start(dataDir, { EMBED_LIMIT_SECONDS: String(SECONDS) });
  const embedded = async () => {
    const text = await (await server.fetch("/metrics")).text();
    return Number(/^latentd_embedding_images_total (\d+)$/m.exec(text)![1]);
  };
  try {
    const [model] = await modelsOf(server, 1, PX);
    const embed = () => server.post("/v1/embeddings", { model, input });
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    const good = await embed(), { data: [{ embedding }] } = await good.json();
    assert(
      /^decode;dur=[\d.]+, queue;dur=[\d.]+, load;dur=[\d.]+, gpu;dur=[\d.]+$/.test(
        good.headers.get("Server-Timing")!,
      ),
    );
    const before = await embedded(), worker = await server.child("embed");
    Deno.kill(worker, "SIGSTOP"); // for less than the watch allows
    // Two batches of one are on their way to the worker; what comes next waits.
    const asked = Array.from({ length: 2 + WAITING }, embed);
    for (const response of await Promise.all(asked)) {
      const { status, title, detail, error } = await response.json();
      assertEquals([response.status, status, title, error.code], [504, 504, "Not done in time", "overdue"]);
      assertEquals(detail, `Cannot embed in time: it took more than ${SECONDS} s`);
    }
    Deno.kill(worker, "SIGCONT");
    const next = await server.until(embed, ({ status }) => status === 200, 30);
    assertEquals((await next.json()).data[0].embedding, embedding);
    const made = await embedded() - before;
    assert(made <= 2 + 1, `${made} images were embedded, of which only the last had time`);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
