import type { DatasetReader } from "../data/dataset_reader.ts";
import type { RgbImage } from "../domain/image.ts";
import { readFloats } from "../gpu/readback.ts";
import { uploadTensor } from "../gpu/upload.ts";
import type { Encoder } from "../inference/encoder.ts";
import { preprocessingBytes, type Preprocessor } from "../inference/preprocess.ts";

/** What a round is to take: the worker can do nothing else while it waits for the GPU, not even say that it lives. */
const ROUND_MS = 1000;
/** Images of a round at most, and of the first, of which nobody knows what it takes. */
const MAX_ROUND = 4096, FIRST_ROUND = 32;
/** How much larger a round may be than the one before. */
const GROWTH = 8;
/** A batch that takes so many rounds' time is too large, and a round of so many batches has too small ones. */
const SHRINK = 8, GROW = 4;
/** Bytes of pixels that are read before they are handed to the GPU, and of a round's, of which it may hold all. */
const BATCH_BYTES = 32 * 2 ** 20, ROUND_BYTES = 128 * 2 ** 20;

/** What images are read from, by number. */
export type ImageSource = Pick<DatasetReader, "image" | "bytesOf">;
/** Images of one round, in their order. */
export interface EmbeddedRound {
  /** The first one's place among the items. */
  from: number;
  /** `[images, dim]`. */
  rows: Float32Array;
}

/**
 * Embeds a data set's images, preprocessed as a client's would be: no augmentation. Several batches go to the GPU before it is
 * waited for, and each is read while the GPU is at the ones before. For whole datasets that go to disk: `embed_items.ts` has
 * what is held in memory.
 *
 * @param items Their numbers.
 * @throws What `signal` was aborted with, between rounds of about a second.
 */
export async function* embedRounds(
  encoder: Encoder,
  preprocessor: Preprocessor,
  reader: ImageSource,
  items: Uint32Array,
  signal: AbortSignal,
): AsyncGenerator<EmbeddedRound> {
  const { device } = encoder.pipelines, { dim } = encoder, most = Math.min(MAX_ROUND, items.length);
  if (items.length === 0) return;
  const rounds = uploadTensor(device, "embeddings", [most, dim], "f32");
  try {
    let round = FIRST_ROUND, size = encoder.batchFor(round), ahead: Batch | undefined;
    const timed = new Set<number>();
    for (let from = 0; from < items.length;) {
      signal.throwIfAborted();
      const start = performance.now();
      // Each size has a plan of its own, which takes memory and seconds to compile: only a rate of another kind is worth one.
      if (SHRINK * round < size || round >= GROW * size) size = encoder.batchFor(round);
      const wanted = Math.min(most, size * Math.max(1, Math.floor(round / size)));
      let count = 0, bytes = 0;
      do {
        const { images, bytes: more } = ahead ?? readBatch(reader, items.subarray(from, from + size));
        await encoder.submit(images.length, (x) => preprocessor.write(images, x), rounds, count);
        count += images.length;
        bytes += more;
        ahead = readBatch(reader, items.subarray(from + count, from + count + size)); // while the GPU works
      } while (ahead.images.length > 0 && count + ahead.images.length <= wanted && bytes < ROUND_BYTES);
      const rows = await readFloats(device, { ...rounds, shape: [count, dim] });
      const rate = count / (performance.now() - start);
      // The first time of a size has kernels to compile, which says nothing of the next.
      if (timed.has(size)) round = Math.max(1, Math.min(GROWTH * count, Math.floor(rate * ROUND_MS)));
      timed.add(size);
      yield { from, rows };
      from += count;
    }
  } finally {
    rounds.storage.buffer.destroy();
  }
}

/** Bytes of GPU memory that rounds take beside the encoder's, the most at once: their rows, and what preprocessing holds. */
export function roundBytes(
  reader: Pick<DatasetReader, "size">,
  items: Uint32Array,
  { px, dim }: { px: number; dim: number },
): number {
  let most = 0, round: { width: number; height: number }[] = [], pixels = 0;
  const end = () => {
    most = Math.max(most, preprocessingBytes(round, px));
    [round, pixels] = [[], 0];
  };
  for (const n of items) {
    const size = reader.size(n);
    round.push(size);
    pixels += 3 * size.width * size.height;
    if (pixels >= ROUND_BYTES || round.length === MAX_ROUND) end();
  }
  end();
  return most + 4 * dim * Math.min(MAX_ROUND, items.length);
}

interface Batch {
  images: RgbImage[];
  bytes: number;
}

/** The first of these images, as many as may be held at once; one at least, if there is one. */
function readBatch(reader: ImageSource, items: Uint32Array): Batch {
  const images: RgbImage[] = [];
  let bytes = 0;
  for (const n of items) {
    const more = reader.bytesOf(n);
    if (images.length > 0 && bytes + more > BATCH_BYTES) break;
    images.push(reader.image(n));
    bytes += more;
  }
  return { images, bytes };
}
