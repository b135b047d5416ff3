import { assert, assertEquals, assertRejects } from "@std/assert";
import { encode } from "fast-png";
import { decodeImage, MAX_PIXELS } from "../../../src/data/decode.ts";
import { DecoderPool } from "../../../src/data/decoder_pool.ts";
import { encodePng } from "../../../src/data/encode_png.ts";
import { DomainError } from "../../../src/domain/errors.ts";

const photo = Deno.readFileSync(new URL("./gradient.jpg", import.meta.url));
const png = await encodePng({
  width: 3,
  height: 2,
  pixels: Uint8Array.from({ length: 18 }, (_, i) => i * 14),
});

/** The DomainError that decoding `bytes` ends with. */
async function refusal(bytes: Uint8Array): Promise<DomainError> {
  return await assertRejects(() => decodeImage(bytes), DomainError) as unknown as DomainError;
}

Deno.test("decodeImage() gives back what encodePng() wrote", async () => {
  assertEquals(await decodeImage(png), {
    width: 3,
    height: 2,
    pixels: Uint8Array.from({ length: 18 }, (_, i) => i * 14),
  });
});

Deno.test("decodeImage() makes 8-bit RGB of every PNG depth and colour type", async () => {
  const decodeOf = async (
    image: Parameters<typeof encode>[0],
  ) => [...(await decodeImage(encode(image))).pixels];
  const size = { width: 2, height: 1 };
  assertEquals(await decodeOf({ ...size, data: Uint8Array.of(9, 250), channels: 1, depth: 8 }), [
    9,
    9,
    9,
    250,
    250,
    250,
  ]);
  assertEquals(await decodeOf({ ...size, data: Uint8Array.of(9, 0, 250, 7), channels: 2, depth: 8 }), [
    9,
    9,
    9,
    250,
    250,
    250,
  ]);
  const rgba = Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 255); // what lies under full transparency is kept
  assertEquals(await decodeOf({ ...size, data: rgba, channels: 4, depth: 8 }), [1, 2, 3, 4, 5, 6]);
  const deep = Uint16Array.of(0, 257, 65535, 128 * 257, 40 * 257, 128);
  assertEquals(await decodeOf({ ...size, data: deep, channels: 3, depth: 16 }), [0, 1, 255, 128, 40, 0]);
  const bits = Uint8Array.of(0b1011_0000);
  assertEquals(
    await decodeOf({ width: 4, height: 1, data: bits, channels: 1, depth: 1 }),
    [255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 255, 255],
  );
  const palette = [[10, 20, 30], [40, 50, 60]] as [number, number, number][];
  assertEquals(
    await decodeOf({ ...size, data: Uint8Array.of(1, 0), channels: 1, depth: 8, palette }),
    [40, 50, 60, 10, 20, 30],
  );
});

Deno.test("decodeImage() reads a JPEG", async () => {
  const { width, height, pixels } = await decodeImage(photo);
  assertEquals([width, height, pixels.length], [24, 16, 24 * 16 * 3]);
  // The file is a gradient: red grows to the right, green downwards.
  assert(pixels[23 * 3] > pixels[0] + 150);
  assert(pixels[15 * 24 * 3 + 1] > pixels[1] + 150);
});

Deno.test("decodeImage() says what is wrong with bytes that are no image", async () => {
  const text = new TextEncoder().encode("this is a text, whatever its name says");
  assertEquals(
    (await refusal(text)).message,
    "Cannot decode the image: the bytes are no PNG, JPEG, GIF, TIFF, WebP, BMP or binary PNM",
  );
  assertEquals((await refusal(new Uint8Array())).code, "malformed");
  for (const whole of [png, photo]) {
    for (const length of [9, 20, whole.length >> 1, whole.length - 15]) {
      assertEquals(
        (await refusal(whole.slice(0, length))).code,
        "malformed",
        `${length} bytes of ${whole.length}`,
      );
    }
  }
});

Deno.test("decodeImage() refuses an image that claims to be huge without making room for it", async () => {
  const bomb = png.slice(), view = new DataView(bomb.buffer);
  view.setUint32(16, 100_000);
  view.setUint32(20, 100_000);
  const { code, message } = await refusal(bomb);
  assertEquals(code, "too_large");
  assert(message.includes(String(MAX_PIXELS)) && message.includes("100000×100000"), message);
});

Deno.test("decodeImage() refuses a PNG whose pixels unpack to more than they need", async () => {
  const zeros = new ReadableStream({
    start(controller) {
      for (let i = 0; i < 640; i++) controller.enqueue(new Uint8Array(2 ** 20));
      controller.close();
    },
  });
  const packed = await new Response(zeros.pipeThrough(new CompressionStream("deflate"))).bytes();
  const chunk = (type: string, data: Uint8Array) => {
    const bytes = new Uint8Array(12 + data.length);
    new DataView(bytes.buffer).setUint32(0, data.length);
    bytes.set(new TextEncoder().encode(type), 4);
    bytes.set(data, 8);
    return bytes;
  };
  const bomb = await new Blob([png.slice(0, 33), chunk("IDAT", packed), chunk("IEND", new Uint8Array())])
    .bytes();
  assertEquals((await refusal(bomb)).code, "malformed");
});

Deno.test("DecoderPool decodes many at once, and one image's trouble is its own", async () => {
  const pool = new DecoderPool(2);
  try {
    const bad = new TextEncoder().encode("no image");
    const results = await Promise.allSettled([png, bad, photo, bad, png].map((bytes) => pool.decode(bytes)));
    assertEquals(results.map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    assertEquals((await pool.decode(png)).width, 3);
    assert(png.length > 0, "the caller's bytes were taken away");
  } finally {
    pool.close();
  }
});

Deno.test("DecoderPool gives up an image that takes too long, and goes on with a new thread", async () => {
  const slow = new DecoderPool(1, 0);
  const late = await assertRejects(() => slow.decode(photo), DomainError) as unknown as DomainError;
  assertEquals(late.code, "malformed");
  slow.close();
  const closed = new DecoderPool(1), waiting = closed.decode(photo);
  closed.close();
  await assertRejects(() => waiting, DomainError, "stopping");
});

Deno.test("an image that is given up while it waits is not decoded, and the next one is", async () => {
  const pool = new DecoderPool(1), png = await encodePng({ width: 1, height: 1, pixels: new Uint8Array(3) });
  const leave = new AbortController(), first = pool.decode(png);
  const gone = pool.decode(png, { signal: leave.signal }), next = pool.decode(png);
  leave.abort(new Error("gone"));
  await assertRejects(() => gone, Error, "gone");
  assertEquals([(await first).width, (await next).width], [1, 1]);
  await assertRejects(() => pool.decode(png, { signal: leave.signal }), Error, "gone");
  pool.close();
});
