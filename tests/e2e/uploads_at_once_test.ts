import { assert, assertEquals } from "@std/assert";
import { decodeImage } from "../../src/data/decode.ts";
import { noise, noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const IMAGES = 24, PX = 48;

Deno.test({
  name: "one tar uploaded twice at once becomes two datasets of the same images",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-at-once-" });
  const tar = await noiseTar(IMAGES, PX), server = await TestServer.start(dataDir);
  let halfway = 0;
  const both = Promise.withResolvers<void>();
  /** The tar; its second half only when both uploads are that far on disk. */
  async function* inStep() {
    yield tar.slice(0, tar.length >> 1);
    if (++halfway === 2) {
      await server.until(() => Promise.resolve(spooled()), (bytes) => bytes >= 2 * (tar.length >> 1));
      both.resolve();
    }
    await both.promise;
    yield tar.slice(tar.length >> 1);
  }
  const spooled = () =>
    [...Deno.readDirSync(`${dataDir}/datasets`)].flatMap(({ name }) =>
      [...Deno.readDirSync(`${dataDir}/datasets/${name}`)].map((file) =>
        Deno.statSync(`${dataDir}/datasets/${name}/${file.name}`).size
      )
    ).reduce((a, b) => a + b, 0);
  const upload = () =>
    server.json("/v1/datasets?name=twin", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: ReadableStream.from(inStep()),
    });
  try {
    const twins = await Promise.all([upload(), upload()]);
    const ready = await Promise.all(
      twins.map(({ id }) =>
        server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status !== "ingesting")
      ),
    );
    assert(ready[0].id !== ready[1].id);
    assertEquals(ready.map(({ status, counts }) => [status, counts]), [
      ...Array(2).fill(["ready", { images: IMAGES, rejected: 0, bytes: IMAGES * PX * PX * 3 }]),
    ]);
    assertEquals(ready[0].fingerprint, ready[1].fingerprint);
    for (const { id } of ready) {
      for (const n of [0, IMAGES - 1]) {
        const response = await server.fetch(`/v1/datasets/${id}/items/${n}/image`);
        assertEquals(await decodeImage(await response.bytes()), noise(PX, n));
      }
    }
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
