import { assert, assertEquals, assertRejects } from "@std/assert";
import { decodeImage } from "../../../src/data/decode.ts";
import { DecoderPool } from "../../../src/data/decoder_pool.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const { cases }: { cases: { name: string; file: string }[] } = JSON.parse(
  Deno.readTextFileSync(new URL("../../golden/decode.json", import.meta.url)),
);
const FORMATS = [
  "png rgb",
  "jpeg rgb",
  "gif rgb",
  "tiff rgb, raw",
  "tiff rgb, tiff_lzw",
  "webp rgb",
  "bmp rgb",
  "pnm rgb",
];
const golden = (wanted: string) => Uint8Array.fromBase64(cases.find(({ name }) => name === wanted)!.file);
const bytesOf = (text: string) => new TextEncoder().encode(text);
async function refusal(bytes: Uint8Array): Promise<[code: string, type?: string]> {
  const error = await assertRejects(() => decodeImage(bytes), DomainError) as unknown as DomainError;
  return [error.code, error.options.type];
}

Deno.test("decodeImage() refuses an empty file, and what is no image whatever its name", async () => {
  assertEquals(await refusal(new Uint8Array()), ["malformed", "image_empty"]);
  const others = [
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    "<!DOCTYPE html><title>cat.jpg</title>",
    "%PDF-1.7\n",
    "PK\x03\x04",
    "BMW and other cars, which begin like a bitmap",
    "P3\n1 1\n255\n1 2 3\n",
  ];
  for (const text of others) {
    assertEquals(await refusal(bytesOf(text)), ["unsupported_media_type", "image_format"], text);
  }
});

Deno.test("decodeImage() refuses 65,000 × 65,000 pixels of any format by the header", async () => {
  const claim = (name: string, write: (view: DataView) => void) => {
    const bytes = golden(name);
    write(new DataView(bytes.buffer));
    return bytes;
  };
  const frame = golden("jpeg rgb").findIndex((v, i, all) => v === 0xff && all[i + 1] === 0xc0);
  const huge = [
    claim("png rgb", (view) => [16, 20].forEach((at) => view.setUint32(at, 65_000))),
    claim("jpeg rgb", (view) => [5, 7].forEach((at) => view.setUint16(frame + at, 65_000))),
    claim("gif rgb", (view) => [6, 8].forEach((at) => view.setUint16(at, 65_000, true))),
    claim("bmp rgb", (view) => [18, 22].forEach((at) => view.setInt32(at, 65_000, true))),
    claim("webp rgb", (view) => view.setUint32(21, 0xfffffff, true)), // 16,384 × 16,384, the most that it can say
    claim("tiff rgb, raw", (view) => {
      const directory = view.getUint32(4, true);
      for (const entry of [0, 1]) view.setUint16(directory + 2 + 12 * entry + 8, 65_000, true);
    }),
    bytesOf("P6\n65000 65000\n255\n"),
  ];
  for (const bytes of huge) assertEquals(await refusal(bytes), ["too_large", "image_too_large"]);
});

Deno.test("decodeImage() reads one pixel, and an image with another file behind it", async () => {
  const one = Uint8Array.fromBase64("UklGRiAAAABXRUJQVlA4TBQAAAAvAAAAAAdQgVQIIAAKmv7HiIj+Bw==");
  assertEquals(await decodeImage(one), { width: 1, height: 1, pixels: Uint8Array.of(1, 2, 3) });
  for (const name of FORMATS) {
    const file = golden(name),
      polyglot = await new Blob([file, "PK\x03\x04<script>alert(1)</script>"]).bytes();
    assertEquals(await decodeImage(polyglot), await decodeImage(file), name);
  }
});

Deno.test("decodeImage() refuses a file that breaks off, wherever its pixels end", async () => {
  for (const name of FORMATS) {
    const file = golden(name);
    for (const part of [0.1, 0.3, 0.5, 0.7]) {
      const [code] = await refusal(file.slice(0, Math.floor(file.length * part)));
      assert(code === "malformed" || code === "unsupported_media_type", `${name} at ${part}: ${code}`);
    }
  }
});

Deno.test("DecoderPool decodes the next image after each that is refused", async () => {
  const pool = new DecoderPool(1);
  try {
    for (const name of FORMATS) {
      const file = golden(name);
      await assertRejects(() => pool.decode(file.subarray(0, file.length >> 1)), DomainError);
      assertEquals((await pool.decode(file)).width, 21);
    }
  } finally {
    pool.close();
  }
});
