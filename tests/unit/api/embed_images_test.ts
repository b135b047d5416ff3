import { assert, assertEquals, assertRejects } from "@std/assert";
import { embedImages } from "../../../src/api/embed_images.ts";
import { DomainError } from "../../../src/domain/errors.ts";
import type { RgbImage } from "../../../src/domain/image.ts";
import type { Embedder } from "../../../src/domain/ports.ts";

const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 5));
const images = (count: number) => Array.from({ length: count }, (_, n) => ({ bytes: Uint8Array.of(n) }));

/** A decoder that is quick, and an embedder that answers when it is told to; a row is its image's first byte. */
function scene() {
  const decoded: number[] = [], chunks: { values: number[]; answer(): void; fail(error: Error): void }[] = [];
  const decoder = {
    decode([value]: Uint8Array): Promise<RgbImage> {
      decoded.push(value);
      return Promise.resolve({ width: 1, height: 1, pixels: Uint8Array.of(value, 0, 0) });
    },
  };
  const embedder = {
    embed(_checkpoint: string, sent: RgbImage[], _signal?: AbortSignal, onStages?: (stages: never) => void) {
      const { promise, resolve, reject } = Promise.withResolvers<Float32Array[]>();
      const values = sent.map(({ pixels }) => pixels[0]);
      const answer = () => {
        onStages?.({ queue: 0, load: 1, gpu: 2 } as never);
        resolve(values.map((value) => Float32Array.of(value)));
      };
      chunks.push({ values, answer, fail: reject });
      return promise;
    },
  } as unknown as Embedder;
  return { decoded, chunks, ports: { decoder, embedder } };
}

Deno.test("what is decoded first is embedded at once, and the next is decoded beside it, so many and no more", async () => {
  const { decoded, chunks, ports } = scene(), { signal } = new AbortController();
  const all = embedImages({ images: images(150), partial: false }, "a", ports, signal);
  await turn();
  assertEquals([chunks.length, chunks[0].values], [1, [0, 1, 2, 3]]);
  assertEquals(decoded.length, 4 + 64); // it waits: pixels take memory
  chunks[0].answer();
  await turn();
  assertEquals([chunks.length, chunks[1].values.length, decoded.length], [2, 64, 4 + 64 + 64]);
  chunks[1].answer();
  await turn();
  assertEquals([chunks[2].values.length, decoded.length], [64, 150]);
  chunks[2].answer();
  await turn();
  chunks[3].answer();
  const { rows, bad, timing } = await all;
  assertEquals([rows.map((row) => row![0]), bad], [Array.from({ length: 150 }, (_, n) => n), []]);
  assertEquals([timing.load, timing.gpu], [4, 8]);
});

Deno.test("what fails while more is decoded ends the request, and so does an abort, with its reason", async () => {
  const first = scene(), leave = new AbortController();
  const failing = embedImages({ images: images(1000), partial: false }, "a", first.ports, leave.signal);
  await turn();
  first.chunks[0].fail(new Error("broken"));
  await assertRejects(() => failing, Error, "broken");
  assert(first.decoded.length < 100, `${first.decoded.length} images were decoded all the same`);

  const late = new DomainError("overdue", "too late"), second = scene();
  second.ports.decoder.decode = () => { // as a pool that gives up what waits
    leave.abort(late);
    return Promise.reject(late);
  };
  const overdue = embedImages({ images: images(1), partial: false }, "a", second.ports, leave.signal);
  assertEquals(await assertRejects(() => overdue), late); // it is no bad image
});
