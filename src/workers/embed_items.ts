import type { DatasetReader } from "../data/dataset_reader.ts";
import { DomainError } from "../domain/errors.ts";
import type { LabelledEmbeddings } from "../evaluation/knn.ts";
import type { Encoder } from "../inference/encoder.ts";
import type { Preprocessor } from "../inference/preprocess.ts";

/** Images embedded between two looks at the signal. */
export const CHUNK = 256;

/**
 * Embeds a data set's images, preprocessed as a client's would be: no augmentation.
 *
 * @param items Their numbers; `embedded` is told how many more are done.
 * @returns A row an image, `[items, dim]`, in their order, with its class.
 * @throws {DomainError} `invalid` if one has no class. @throws What `signal` was aborted with.
 */
export async function embedItems(
  encoder: Encoder,
  preprocessor: Preprocessor,
  reader: DatasetReader,
  items: Uint32Array,
  signal: AbortSignal,
  embedded?: (count: number) => void,
): Promise<LabelledEmbeddings> {
  const labels = classesOf(reader, items), rows = new Float32Array(items.length * encoder.dim);
  for (let at = 0; at < items.length; at += CHUNK) {
    signal.throwIfAborted();
    const chunk = items.subarray(at, at + CHUNK);
    rows.set(await embedChunk(encoder, preprocessor, reader, chunk), at * encoder.dim);
    embedded?.(chunk.length);
  }
  return { rows, labels };
}

/**
 * As `embedItems`, of as many as are to be embedded before anybody else gets the GPU: whoever embeds a whole dataset beside
 * others' requests does it by these.
 *
 * @returns `[items, dim]`.
 */
export const embedChunk = (
  encoder: Encoder,
  preprocessor: Preprocessor,
  reader: DatasetReader,
  items: Uint32Array,
): Promise<Float32Array> =>
  encoder.embedFrom(
    items.length,
    (x, from, count) =>
      preprocessor.write(Array.from(items.subarray(from, from + count), (n) => reader.image(n)), x),
  );

/** The class of each image. @throws {DomainError} `invalid` if one has none. */
export function classesOf(reader: DatasetReader, items: Uint32Array): Int32Array {
  const classes = Int32Array.from(items, (n) => reader.classOf(n));
  if (classes.some((index) => index < 0)) {
    throw new DomainError("invalid", "Cannot evaluate on labels: an image of the split has no class");
  }
  return classes;
}
