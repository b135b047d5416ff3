import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Frame, FrameWriter, MAX_HEADER_BYTES, readFrames } from "../../../src/ipc/frame.ts";

/** What a writer makes of these frames, as one piece. */
async function written(frames: { header: unknown; payload?: Uint8Array }[]): Promise<Uint8Array> {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = new FrameWriter(writable);
  for (const { header, payload } of frames) writer.write(header, payload);
  const [bytes] = await Promise.all([new Response(readable).bytes(), writer.close()]);
  return bytes;
}
/** A stream of `bytes` in pieces of `size`. */
const inPieces = (bytes: Uint8Array, size: number): ReadableStream<Uint8Array> =>
  ReadableStream.from((function* () {
    for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
  })());
const all = (stream: ReadableStream<Uint8Array>): Promise<Frame[]> => Array.fromAsync(readFrames(stream));

const FRAMES = [
  { header: { type: "a", text: "é🙂" }, payload: Uint8Array.of(0, 255, 7) },
  { header: {}, payload: new Uint8Array() },
  { header: { n: 3 }, payload: new Uint8Array(100_000).fill(9) },
];

for (const size of [1, 7, 1 << 20]) {
  Deno.test(`readFrames() gives back what FrameWriter wrote, in pieces of ${size} bytes`, async () => {
    assertEquals(await all(inPieces(await written(FRAMES), size)), FRAMES as Frame[]);
  });
}

Deno.test("readFrames() refuses a stream that ends inside a frame, wherever it is cut", async () => {
  const bytes = await written([FRAMES[0]]);
  for (let length = 1; length < bytes.length; length++) {
    await assertRejects(() => all(inPieces(bytes.slice(0, length), 5)), TypeError, "early");
  }
});

Deno.test("readFrames() refuses a length over its limit before it makes room for it", async () => {
  const prefix = new DataView(new ArrayBuffer(8));
  prefix.setUint32(0, MAX_HEADER_BYTES + 1, true);
  await assertRejects(() => all(inPieces(new Uint8Array(prefix.buffer), 8)), RangeError, "at most");
});

Deno.test("FrameWriter refuses a header over the limit, and writes on", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = new FrameWriter(writable), frames = all(readable);
  assertThrows(() => writer.write("x".repeat(MAX_HEADER_BYTES)), RangeError, "at most");
  await writer.write(FRAMES[0].header, FRAMES[0].payload);
  await writer.close();
  assertEquals(await frames, [FRAMES[0]] as Frame[]);
});

Deno.test("FrameWriter writes a small frame before it returns, unless others wait, whose order stays", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const whole = new Response(readable).bytes(), now: Uint8Array[] = [];
  const writer = new FrameWriter(writable, (bytes) => {
    now.push(bytes.slice(0, 5)); // a pipe may take a part
    return Math.min(5, bytes.length);
  });
  writer.write(FRAMES[0].header, FRAMES[0].payload);
  assertEquals(await all(ReadableStream.from([...now])), [FRAMES[0]] as Frame[]);
  now.length = 0;
  const large = writer.write(FRAMES[2].header, FRAMES[2].payload), behind = writer.write(FRAMES[1].header);
  assertEquals(now, []);
  await Promise.all([large, behind]);
  await writer.close();
  assertEquals(await all(inPieces(await whole, 1 << 20)), [FRAMES[2], FRAMES[1]] as Frame[]);
});

Deno.test("FrameWriter rejects where a write that is done at once finds the other side gone", async () => {
  const writer = new FrameWriter(new WritableStream(), () => {
    throw new Deno.errors.BrokenPipe("gone");
  });
  await assertRejects(() => writer.write({}), Deno.errors.BrokenPipe, "gone");
});
