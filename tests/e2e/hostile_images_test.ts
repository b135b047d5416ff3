import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { modelsOf } from "./models.ts";
import { noise } from "./noise.ts";
import { TestServer } from "./server.ts";

const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(
  await Deno.readTextFile(new URL("../golden/decode.json", import.meta.url)),
);
const golden = (wanted: string) => Uint8Array.fromBase64(cases.find(({ name }) => name === wanted)!.file);
const png = async (px: number) => (await encodePng(noise(px, px))).slice();
const GOOD = await png(24), JPEG = golden("jpeg rgb");
/** A PNG that says it is larger than any that is taken. */
const claiming = GOOD.slice();
for (const at of [16, 20]) new DataView(claiming.buffer).setUint32(at, 65_000);

function asJpeg(text: string): string {
  return `data:image/jpeg;base64,${btoa(text)}`;
}

type Answer = { status: number; code?: string; pointers?: string[]; body: Record<string, unknown> };
/** What is sent as `input`, and what comes of it: a status, and the error's code. */
const REFUSED: Record<string, [input: string, status: number, code: string]> = {
  "no bytes": ["data:image/png;base64,", 400, "image_empty"],
  "65,000 × 65,000 pixels by its header": [claiming.toBase64(), 413, "image_too_large"],
  "a JPEG that breaks off": [JPEG.slice(0, JPEG.length >> 1).toBase64(), 400, "image_malformed"],
  "a PNG that breaks off": [GOOD.slice(0, GOOD.length >> 1).toBase64(), 400, "image_malformed"],
  "SVG": [asJpeg('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'), 415, "image_format"],
  "HTML": [asJpeg("<!DOCTYPE html><title>cat.jpg</title>"), 415, "image_format"],
  "PDF": [asJpeg("%PDF-1.7\n"), 415, "image_format"],
  "no base64": ["data:image/png;base64,@@@@", 400, "bad_image"],
  "a data URI of text": [`data:text/plain;base64,${GOOD.toBase64()}`, 400, "bad_image"],
  "text": ["a photograph of a cat", 400, "bad_image"],
};

Deno.test({
  name: "images of every kind, and what is none, come to what is their due, and the next one is embedded",
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-images-" });
  const server = await TestServer.start(dataDir);
  try {
    const [model] = await modelsOf(server, 1, 8);
    await server.child("embed");
    const embed = async (input: unknown, more = {}): Promise<Answer> => {
      const response = await server.post("/v1/embeddings", { model, input, ...more });
      const body = await response.json();
      const pointers = body.errors?.map(({ pointer }: { pointer: string }) => pointer);
      return { status: response.status, code: body.error?.code, pointers, body };
    };
    const rowsOf = ({ body }: Answer) =>
      (body.data as { index: number; embedding: number[] }[]).map(({ index, embedding }) =>
        [index, embedding] as const
      );
    const good = await embed(GOOD.toBase64()), [[, expected]] = rowsOf(good);
    assertEquals(expected.length, 64);
    assert(expected.every(Number.isFinite));
    const nextIsFine = async (what: string) =>
      assertEquals(rowsOf(await embed(GOOD.toBase64())), [[0, expected]], what);

    for (const [what, [input, status, code]] of Object.entries(REFUSED)) {
      const { body: _, ...alone } = await embed(input);
      assertEquals(alone, { status, code, pointers: ["#/input/0"] }, what);
      await nextIsFine(what);
      const among = await embed([GOOD.toBase64(), input, GOOD.toBase64()]);
      assertEquals([among.status, among.pointers], [status, ["#/input/1"]], what);
      const partial = await embed([GOOD.toBase64(), input, GOOD.toBase64()], { partial: true });
      assertEquals([partial.status, partial.pointers], [200, ["#/input/1"]], what);
      assertEquals(rowsOf(partial), [[0, expected], [2, expected]], what);
    }
    const one = await embed((await png(1)).toBase64());
    assert(rowsOf(one)[0][1].every(Number.isFinite), "a single pixel");
    await nextIsFine("a single pixel");
    // CMYK, 16 bits, palettes, alpha, gray, turned by EXIF, animated: golden pixels are decode_test's.
    const all = await embed(cases.map(({ file }) => file));
    assertEquals([all.status, rowsOf(all).length], [200, cases.length], JSON.stringify(all.pointers));
    await nextIsFine("every kind");
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
