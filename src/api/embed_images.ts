import { DomainError, type ErrorCode } from "../domain/errors.ts";
import type { RgbImage } from "../domain/image.ts";
import type { Embedder, ImageDecoder } from "../domain/ports.ts";
import type { ImageRequest } from "./embedding_input.ts";

/** Decoded pixels are far bigger than what was sent, so only so many images are held decoded beside those being embedded. */
const CHUNK_IMAGES = 64, CHUNK_BYTES = 64 * 2 ** 20;
/** Enough to keep the decoder's threads busy. */
const DECODE_TOGETHER = 4;

/** What became of a request's images: each has a row, or is bad. */
export interface Embedded {
  rows: (Float32Array | undefined)[];
  bad: BadImage[];
  timing: EmbeddingTiming;
}
export interface BadImage {
  index: number;
  code: ErrorCode;
  type: string;
  detail: string;
}
/** Where a request's time went, in seconds; decoding goes on beside the others. */
export interface EmbeddingTiming {
  decode: number;
  /** Waiting: behind others, and on the way to the worker and back. */
  queue: number;
  /** Reading the checkpoint, where it was not at hand. */
  load: number;
  /** Of the batches that its images were in. */
  gpu: number;
}
const NO_IMAGE = {
  ...{ code: "malformed", type: "bad_image" } as const,
  detail: "must be an image, as a data URI or base64; text has no embedding here",
};

/**
 * Decodes and embeds. What is decoded is sent to be embedded as soon as nothing of the request is being embedded, and
 * decoding goes on beside it. After a bad image it goes on decoding, only to name all bad ones, unless the request takes
 * what is good.
 *
 * @throws What `signal` is aborted with; what the embedder throws.
 */
export async function embedImages(
  { images, partial }: Pick<ImageRequest, "images" | "partial">,
  checkpoint: string,
  { decoder, embedder }: { decoder: ImageDecoder; embedder: Pick<Embedder, "embed"> },
  signal: AbortSignal,
): Promise<Embedded> {
  const bad: BadImage[] = [], rows: Embedded["rows"] = new Array(images.length).fill(undefined);
  const timing: EmbeddingTiming = { decode: 0, queue: 0, load: 0, gpu: 0 };
  let chunk: { index: number; image: RgbImage }[] = [], bytes = 0;
  let embedding: Promise<void> | undefined, failure: { error: unknown } | undefined;
  function flush(): void {
    const sent = chunk;
    [chunk, bytes] = [[], 0];
    if (sent.length > 0 && (partial || bad.length === 0)) {
      embedding = embed(sent).catch((error) => void (failure = { error })).then(() => embedding = undefined);
    }
  }
  async function embed(sent: typeof chunk): Promise<void> {
    const began = performance.now(), before = timing.load + timing.gpu;
    const made = await embedder.embed(checkpoint, sent.map(({ image }) => image), signal, ({ load, gpu }) => {
      timing.load += load;
      timing.gpu += gpu;
    });
    timing.queue += Math.max(0, (performance.now() - began) / 1000 - (timing.load + timing.gpu - before));
    for (const [i, { index }] of sent.entries()) rows[index] = made[i];
  }
  /** Waits until nothing is being embedded. */
  async function settle(): Promise<void> {
    await embedding;
    if (failure) throw failure.error;
  }
  for (let at = 0; at < images.length; at += DECODE_TOGETHER) {
    signal.throwIfAborted(); // whoever asked has gone
    const began = performance.now();
    const decoded = await Promise.all(
      images.slice(at, at + DECODE_TOGETHER).map(async ({ bytes: encoded, mayBeText }, i) => {
        const index = at + i;
        if (!encoded) return void bad.push({ index, ...NO_IMAGE });
        try {
          return { index, image: await decoder.decode(encoded, { signal }) };
        } catch (error) {
          signal.throwIfAborted();
          if (!(error instanceof DomainError)) throw error;
          const { code, message: detail, options: { type = "bad_image" } } = error;
          const isText = mayBeText && code === "unsupported_media_type";
          bad.push({ index, ...(isText ? NO_IMAGE : { code, type, detail }) });
        }
      }),
    );
    timing.decode += (performance.now() - began) / 1000;
    for (const one of decoded) {
      if (!one) continue;
      chunk.push(one);
      bytes += one.image.pixels.length;
    }
    if (chunk.length >= CHUNK_IMAGES || bytes >= CHUNK_BYTES || failure) await settle();
    if (!embedding) flush();
  }
  await settle();
  flush();
  await settle();
  return { rows, bad: bad.sort((a, b) => a.index - b.index), timing };
}
