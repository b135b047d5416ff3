import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { assert, assertEquals } from "@std/assert";
import { Upload } from "tus-js-client";
import { noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const PX = 200, IMAGES = 80, CHUNK = 1 << 18;
const TUS = { "Tus-Resumable": "1.0.0" };

/** Some megabytes of tar. */
const anArchive = () => noiseTar(IMAGES, PX);

Deno.test({
  name: "an upload goes on after its server was killed in the middle of a piece, and becomes a dataset",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-upload-" }), tar = await anArchive();
  const sha256 = createHash("sha256").update(tar).digest("hex");
  let server = await TestServer.start(dataDir);
  const ready = async (source: unknown) => {
    const response = await server.post("/v1/datasets", { name: "resumed", source, short_side: 32 });
    const dataset = await response.json();
    assert(response.ok, JSON.stringify(dataset));
    assertEquals(dataset.counts.bytes, tar.length);
    return await server.until(
      () => server.json(`/v1/datasets/${dataset.id}`),
      ({ status }) => status !== "ingesting",
    );
  };
  try {
    await t.step("by hand, its server killed twice", async () => {
      const created = await server.fetch("/v1/uploads", {
        method: "POST",
        headers: {
          ...{ ...TUS, "Upload-Length": String(tar.length), "Upload-Metadata": `sha256 ${btoa(sha256)}` },
        },
      });
      await created.body?.cancel();
      const path = created.headers.get("Location")!;
      const offset = async () =>
        Number((await server.fetch(path, { method: "HEAD", headers: TUS })).headers.get("Upload-Offset"));
      const patch = (from: number, body: BodyInit) =>
        server.fetch(path, {
          method: "PATCH",
          headers: {
            ...{ ...TUS, "Upload-Offset": String(from), "Content-Type": "application/offset+octet-stream" },
          },
          body,
        });
      for (let killed = 0; killed < 2; killed++) {
        const from = await offset(), acknowledged = await patch(from, tar.slice(from, from + CHUNK));
        assertEquals([acknowledged.status, await offset()], [204, from + CHUNK]);
        // A piece whose end never comes: the server is killed while it waits for it.
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const lost = patch(from + CHUNK, readable).catch(() => "lost"), writer = writable.getWriter();
        writer.closed.catch(() => {});
        writer.write(tar.slice(from + CHUNK, from + 2 * CHUNK)).catch(() => {});
        // On disk, for to ask the server would make it let go of the piece.
        const written = async () => (await Deno.stat(`${dataDir}/${path.replace("/v1/", "")}`)).size;
        await server.until(written, (so) => so > from + CHUNK, 30);
        await server.crash();
        assertEquals(await lost, "lost");
        server = await TestServer.start(dataDir);
        const so = await offset();
        assert(so >= from + CHUNK && so <= from + 2 * CHUNK, `${so} of ${from + 2 * CHUNK}`);
      }
      const from = await offset();
      assertEquals((await patch(from, tar.slice(from))).status, 204);
      const upload = path.split("/").at(-1);
      const { status, counts } = await ready({ upload }) as Record<string, unknown>;
      assertEquals([status, counts], ["ready", { images: IMAGES, rejected: 0, bytes: IMAGES * 32 * 32 * 3 }]);
      assertEquals([...Deno.readDirSync(`${dataDir}/uploads`)], []);
      const again = await server.post("/v1/datasets", { name: "again", source: { upload } });
      assertEquals([again.status, (await again.json()).error.code], [404, "not_found"]);
    });

    await t.step("by tus's own client, its server restarted on the way", async () => {
      let restarted = false, url = "";
      await new Promise<void>((resolve, reject) => {
        const upload: Upload = new Upload(Buffer.from(tar), {
          endpoint: `${server.url}/v1/uploads`,
          chunkSize: CHUNK,
          retryDelays: [0, 100, 500, 1000],
          metadata: { sha256 },
          onError: reject,
          onSuccess: () => (url = upload.url!, resolve()),
          onChunkComplete() {
            if (restarted) return;
            restarted = true;
            upload.abort().then(async () => {
              await server.crash();
              const port = new URL(server.url).port;
              server = await TestServer.start(dataDir, { PORT: port });
              upload.start();
            }).catch(reject);
          },
        });
        upload.start();
      });
      assert(restarted);
      assertEquals((await ready({ upload: url.split("/").at(-1) })).status, "ready");
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
