import { deflateRawSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { type Bytes, concat, gzip, tarOf, text, zipOf } from "../unit/data/archive_scene.ts";
import { noise, noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const IMAGE = await encodePng(noise(8, 1)), ZEROS = new Uint8Array(100_000_000);
const folder = await tarOf({ "a/1.png": IMAGE, "b/2.png": IMAGE });
/** A PNG that says it is larger than any that is taken. */
const claiming = IMAGE.slice();
for (const at of [16, 20]) new DataView(claiming.buffer).setUint32(at, 65_000);
const images = (count: number, body: Uint8Array, from = 0) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`a/${from + n}.png`, body]));

/** What each of them is, and what its dataset comes to: a code, or how many images and how many rejected. */
const HOSTILE: Record<string, [body: Bytes, outcome: string | [images: number, rejected: number]]> = {
  "names that climb, and are absolute": [
    await tarOf({ "../../../escape.png": IMAGE, "/etc/escape.png": IMAGE, "a\\..\\..\\escape.png": IMAGE }),
    [3, 0],
  ],
  "links out of the archive": [
    await packTar([
      { header: { name: "a/1.png", size: IMAGE.length }, body: IMAGE },
      ...(["symlink", "link"] as const).map((type) => ({
        header: { name: `a/${type}.png`, size: 0, type, linkname: "/etc/passwd" },
      })),
    ]),
    [1, 2],
  ],
  "a gzip bomb": [await gzip(await tarOf({ "1.png": ZEROS })), "archive_limits"],
  "a zip bomb": [
    zipOf(Array.from({ length: 8 }, (_, n) => ({
      ...{ name: text(`${n}.png`), body: deflateRawSync(ZEROS), method: 8, declared: ZEROS.length },
    }))),
    "archive_limits",
  ],
  "a zip whose entries overlap": [
    zipOf([{ name: text("1.png"), body: IMAGE }, { name: text("2.png"), body: IMAGE, offset: 0 }]),
    "archive_limits",
  ],
  "an archive within an archive": [await tarOf({ "a/1.png": IMAGE, "b/2.jpg": folder }), "archive_limits"],
  "a zip that says it has 3,000,000 entries": [boasting(3_000_000), "archive_limits"],
  "a tar that is cut": [folder.slice(0, 1400), "archive_malformed"],
  "a zip that is cut": [zipOf([{ name: text("1.png"), body: IMAGE }]).slice(0, -20), "archive_malformed"],
  "a page of HTML": [text("<!DOCTYPE html><title>tar</title>" + " ".repeat(600)), "archive_malformed"],
  "an archive of another kind": [
    concat([text("Rar!\x1a\x07"), new Uint8Array(600)]),
    "unsupported_media_type",
  ],
  "images of 65,000 × 65,000 pixels": [await tarOf(images(50, claiming)), "no_images"],
  "images one in a hundred of which is damaged": [
    await tarOf({ ...images(99, IMAGE), ...images(1, text("none"), 99) }),
    [99, 1],
  ],
  "images one in fifty of which is damaged": [
    await tarOf({ ...images(98, IMAGE), ...images(2, text("none"), 98) }),
    "too_many_rejected",
  ],
  "images all of which are damaged": [await tarOf(images(100, IMAGE.slice(0, 60))), "no_images"],
};

/** An empty zip that says how much is in it, in zip64's way. */
function boasting(entries: number): Bytes {
  const record = new DataView(new ArrayBuffer(56)), locator = new DataView(new ArrayBuffer(20));
  record.setUint32(0, 0x06064b50, true);
  for (const at of [24, 32]) record.setBigUint64(at, BigInt(entries), true);
  locator.setUint32(0, 0x07064b50, true);
  const end = new Uint8Array([0x50, 0x4b, 5, 6, 0, 0, 0, 0, ...Array(12).fill(0xff), 0, 0]);
  const lead = zipOf([{ name: text("1.png"), body: IMAGE }]).slice(0, -22);
  locator.setBigUint64(8, BigInt(lead.length), true);
  return concat([lead, new Uint8Array(record.buffer), new Uint8Array(locator.buffer), end]);
}

Deno.test({
  name: "hostile archives come to what is their due, write nowhere else, and the server answers throughout",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const outer = await Deno.makeTempDir({ prefix: "latentd-e2e-hostile-" }), dataDir = `${outer}/data/deep`;
  const server = await TestServer.start(dataDir);
  let answered = 0, over = false;
  /** On and on, one behind the other: a server that cannot answer one answers none. */
  const watch = (async () => {
    for (; !over; answered++) assertEquals(await server.statusOf("/healthz"), 200);
  })();
  watch.catch(() => over = true); // told below
  const send = async (body: Bytes): Promise<string> => {
    const headers = { "Content-Type": "application/x-tar" }; // whatever it is: its bytes tell
    return (await server.json("/v1/datasets?name=hostile", { method: "POST", headers, body })).id as string;
  };
  try {
    const ids: Record<string, string> = {};
    for (const [what, [body]] of Object.entries(HOSTILE)) ids[what] = await send(body);
    const sound = await send(await noiseTar(6, 16));
    const settled = (id: string) =>
      server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status !== "ingesting");
    for (const [what, [, outcome]] of Object.entries(HOSTILE)) {
      const { status, error, counts } = await settled(ids[what]) as {
        status: string;
        error?: { code: string; message: string };
        counts: { images: number; rejected: number };
      };
      const got = status === "failed" ? error!.code : [counts.images, counts.rejected];
      assertEquals(got, outcome, `${what}: ${error?.message}`);
    }
    assertEquals((await settled(sound)).status, "ready");
    over = true;
    await watch;
    assert(answered > 10, `only ${answered} answers`);
    assertEquals([...Deno.readDirSync(outer)].map(({ name }) => name), ["data"]);
    assertEquals([...Deno.readDirSync(`${outer}/data`)].map(({ name }) => name), ["deep"]);
    const listed = [...Deno.readDirSync(`${dataDir}/datasets`)].map(({ name }) => name);
    assertEquals(listed.sort(), [...Object.values(ids), sound].sort());
  } finally {
    over = true;
    await watch.catch(() => {});
    await server.stop();
    await Deno.remove(outer, { recursive: true });
  }
});
