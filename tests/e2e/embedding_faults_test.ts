// What embeddings do when too much is asked, whoever asked goes away, a model is damaged, or there is no GPU at all.
import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { modelsOf } from "./models.ts";
import { noise, noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const PX = 8, QUEUE = 6, GONE = 20;
const input = (await encodePng(noise(PX, 1))).toBase64();

Deno.test({
  name: "embeddings: a full queue, clients that go away, and a damaged model harm nobody else",
  // The server and its children outlive steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (context) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-embed-" });
  const server = await TestServer.start(dataDir, { EMBED_QUEUE_IMAGES: String(QUEUE) });
  const embed = (model: string, init: RequestInit = {}) =>
    server.fetch("/v1/embeddings", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model, input }),
      ...init,
    });
  const rowOf = async (response: Response) => {
    const body = await response.json();
    assertEquals(response.status, 200, JSON.stringify(body));
    return body.data[0].embedding as number[];
  };
  const embedded = async () => {
    const text = await (await server.fetch("/metrics")).text();
    return Number(/^latentd_embedding_images_total (\d+)$/m.exec(text)![1]);
  };
  try {
    const [good, bad] = await modelsOf(server, 2, PX);
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    const expected = await rowOf(await embed(good));

    await context.step("past what may wait it is 429, and what waited is embedded", async () => {
      const worker = await server.child("embed");
      Deno.kill(worker, "SIGSTOP"); // for less than the watch allows
      const asked = Array.from({ length: 2 + QUEUE + 4 }, () => embed(good));
      await new Promise((resolve) => setTimeout(resolve, 1000));
      Deno.kill(worker, "SIGCONT");
      const answers = await Promise.all(asked), refused = answers.filter(({ status }) => status !== 200);
      assert(refused.length >= 1, "nothing was refused");
      for (const response of refused) {
        const { error } = await response.json();
        assertEquals([response.status, response.headers.get("Retry-After"), error.code], [
          429,
          "1",
          "queue_full",
        ]);
      }
      for (const response of answers) {
        if (response.status === 200) assertEquals(await rowOf(response), expected);
      }
    });

    await context.step("what nobody waits for any more is not embedded, and others are", async () => {
      // How long a batch takes is expected of the last one, which so far a stopped worker had.
      assertEquals(await rowOf(await embed(good)), expected);
      const worker = await server.child("embed"), before = await embedded(), leave = new AbortController();
      Deno.kill(worker, "SIGSTOP");
      // Two batches of one are on their way to the worker; what comes next waits.
      const first = [embed(good), embed(good)];
      await new Promise((resolve) => setTimeout(resolve, 500));
      const gone: Promise<unknown>[] = [];
      for (let n = 0; n < GONE; n++) {
        gone.push(embed(good, { signal: leave.signal }).catch(() => "gone"));
        if (n % QUEUE === QUEUE - 1) await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await new Promise((resolve) => setTimeout(resolve, 300));
      leave.abort();
      await Promise.all(gone);
      const stays = embed(good);
      await new Promise((resolve) => setTimeout(resolve, 300));
      Deno.kill(worker, "SIGCONT");
      for (const response of await Promise.all([...first, stays])) {
        assertEquals(await rowOf(response), expected);
      }
      const made = await embedded() - before;
      assert(made <= 3 + 1, `${made} images were embedded, of 3 that somebody waited for`);
    });

    await context.step(
      "a damaged checkpoint gets no alias, and what the alias names is served on",
      async () => {
        const alias = (checkpoint: string) =>
          server.fetch("/v1/models/served", {
            method: "PUT",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ checkpoint }),
          });
        assertEquals((await alias(good)).status, 200);
        const path = `${dataDir}/checkpoints/${bad}/model.safetensors`, bytes = await Deno.readFile(path);
        bytes[bytes.length - 1] ^= 1;
        await Deno.writeFile(path, bytes);
        const refused = await alias(bad), { error } = await refused.json();
        assertEquals([refused.status, error.code], [409, "checkpoint_damaged"]);
        assertEquals(await rowOf(await embed("served")), expected);
        const direct = await embed(bad);
        assertEquals([direct.status, (await direct.json()).error.code], [409, "checkpoint_damaged"]);
        assertEquals(await rowOf(await embed("served")), expected);
      },
    );
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test({
  name: "without any GPU the server lives, says that it is not ready, and keeps what it is given",
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-no-gpu-" });
  const nothing = "/nonexistent.json", lines: string[] = [];
  // OpenGL, which wgpu else goes on to, counts for nothing.
  const none = { VK_DRIVER_FILES: nothing, VK_ICD_FILENAMES: nothing, DENO_WEBGPU_BACKEND: "gl" };
  let server = await TestServer.start(dataDir, none, (line) => lines.push(line));
  try {
    assertEquals(await server.statusOf("/healthz"), 200);
    const ready = await server.fetch("/readyz");
    assertEquals([ready.status, ready.headers.get("Retry-After") !== null], [503, true]);
    await ready.body?.cancel();
    const { id: dataset } = await server.json("/v1/datasets?name=noise", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: await noiseTar(PX, PX),
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const config = { arch: "cifar_resnet8", px: PX, batch: PX, steps: 1, evaluate: null };
    const job = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json();
    await server.until(
      () => Promise.resolve(lines),
      (said) => said.some((line) => /adapter/i.test(line)),
      60,
    );
    assertEquals(await server.statusOf("/healthz"), 200);
    await server.stop();
    server = await TestServer.start(dataDir); // the driver is installed
    const { status, attempt } = await server.until(
      () => server.json(`/v1/jobs/${job.id}`),
      ({ status }) => ["succeeded", "failed"].includes(status),
    );
    assertEquals([status, attempt], ["succeeded", 1]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
