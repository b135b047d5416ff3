import { assert, assertEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

const IMAGES = 200, PX = 192;
type File = { header: { name: string; size: number }; body: Uint8Array };

/** Files of one image of noise, so that decoding them takes a while. */
async function filesOf(folder: string): Promise<File[]> {
  const body = await encodePng(noise(PX, folder.length));
  return Array.from({ length: IMAGES }, (_, n) => ({
    ...{ header: { name: `train/${folder}/${n}.png`, size: body.length }, body },
  }));
}

Deno.test({
  name:
    "parts that a crash interrupts are taken in once, whichever was under way, and make what one archive makes",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-parts-" });
  const env = { DECODE_WORKERS: "1" }, folders = ["a", "bb", "ccc"];
  const parts = await Promise.all(folders.map(filesOf));
  let server = await TestServer.start(dataDir, env);
  const send = async (path: string, files: File[]) => {
    const headers = { "Content-Type": "application/x-tar" };
    const response = await server.fetch(path, { method: "POST", headers, body: await packTar(files) });
    const answer = await response.json();
    assert(response.ok, JSON.stringify(answer));
    return answer.id as string;
  };
  const settled = (id: string) =>
    server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status !== "ingesting");
  const names = (id: string) =>
    [...Deno.readDirSync(`${dataDir}/datasets/${id}`)].map(({ name }) => name).sort();
  try {
    const id = await send("/v1/datasets?name=parts&short_side=32", parts[0]);
    for (const part of parts.slice(1)) await send(`/v1/datasets/${id}/parts`, part);
    for (const images of [1, IMAGES + 1, 2 * IMAGES + 1]) {
      // Somewhere in the first part, then in the second, then in the third.
      await server.until(() => server.json(`/v1/datasets/${id}`), ({ status, progress }) => {
        assertEquals(status, "ingesting", "it was through before it could be cut short");
        return (progress as { images: number } | undefined ?? { images: 0 }).images >= images;
      });
      await server.crash();
      server = await TestServer.start(dataDir, env);
    }
    const { counts, splits, fingerprint, warnings } = await settled(id) as Record<string, unknown>;
    assertEquals(counts, { images: 3 * IMAGES, rejected: 0, bytes: 3 * IMAGES * 32 * 32 * 3 });
    assertEquals(splits, { train: { images: 3 * IMAGES, classes: { a: IMAGES, bb: IMAGES, ccc: IMAGES } } });
    assertEquals(names(id), ["images-2"]);

    const once = await send("/v1/datasets?name=once&short_side=32", parts.flat());
    const whole = await settled(once) as Record<string, unknown>;
    assertEquals([whole.fingerprint, whole.warnings], [fingerprint, warnings]);
    assertEquals(
      await server.json(`/v1/datasets/${id}/items?after=398&limit=3`),
      await server.json(`/v1/datasets/${once}/items?after=398&limit=3`),
    );
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
