import { AUGMENTATION_PRESETS } from "../domain/augmentation.ts";
import { RandomStream, STREAM } from "../domain/philox.ts";
import { HeadsWorker } from "../evaluation/heads_worker.ts";
import { UNIFORMITY_ROWS } from "../evaluation/quality.ts";
import type { PipelineCache } from "../gpu/pipeline.ts";
import { AugmentedEmbedder } from "./augmented_embedder.ts";
import type { FrozenEncoder } from "./frozen_encoder.ts";

/** An encoder that is judged, and where images come from. */
export type Judged = Pick<FrozenEncoder, "encoder" | "preprocessor" | "reader" | "run"> & {
  model: Pick<FrozenEncoder["model"], "preprocessing">;
};

/** Images that are judged, and pairs of views, at most: more would change the figures little. */
const MAX_IMAGES = 10_000, MAX_PAIRS = 2048;
/** Views of up to so many pixels are augmented by the preset of small images. */
const SMALL_PX = 64;
const SEED = 0;

/** Figures and what they depend on: numbers of other protocols do not compare. */
export interface JudgedQuality extends Record<string, unknown> {
  rankme: number;
  uniformity: number;
  alignment: number;
  feature_std: number;
}

/**
 * How good a checkpoint's embeddings of images are, without a label: RankMe, alignment, uniformity and the features'
 * deviation (`evaluation/quality.ts` has what each is). Of many images a sample is judged; alignment is of pairs of augmented
 * views, two draws of the first view that training would see.
 *
 * @param items The split's images, or any.
 * @throws {RangeError} If there are fewer than two images, or an embedding is not finite. @throws What the job was stopped with.
 */
export async function judgeQuality(
  judged: Judged,
  split: string | null,
  items: Uint32Array,
): Promise<JudgedQuality> {
  const { encoder, model: { preprocessing }, run: { signal } } = judged, { dim } = encoder;
  const order = new RandomStream(SEED, STREAM.shuffle).permutation(items.length).subarray(0, MAX_IMAGES);
  const rows = await embedPlain(judged, Uint32Array.from(order, (n) => items[n]));
  const paired = Uint32Array.from(order.subarray(0, MAX_PAIRS), (n) => items[n]);
  const preset = presetOf(preprocessing), views = openPairs(judged, paired, judged.run.pipelines);
  const thread = new HeadsWorker(signal);
  try {
    const pairs: [Float32Array, Float32Array] = [
      await views.embed(paired, 0, signal),
      await views.embed(paired, 1, signal),
    ];
    const quality = await thread.ask("quality", { rows, dim, pairs });
    return {
      ...quality,
      alignment: quality.alignment!,
      protocol: {
        ...{ split, images: order.length, of_images: items.length, seed: SEED, dim },
        rankme: "exp of the entropy of the singular values' shares, embeddings as they are, not centred",
        uniformity: "log mean exp(-2 |x - y|^2) over pairs of different images, unit length",
        uniformity_images: Math.min(order.length, UNIFORMITY_ROWS),
        alignment: `mean |x - y|^2 of two draws of view 1 of "${preset}", unit length`,
        alignment_images: paired.length,
        feature_std: "mean over dimensions of the standard deviation over images, unit length",
      },
    };
  } finally {
    thread.close();
    views.destroy();
  }
}

/** As a client would have them embedded: no augmentation, and whether they have a class does not matter. */
async function embedPlain(
  { encoder, preprocessor, reader, run: { signal } }: Judged,
  items: Uint32Array,
): Promise<Float32Array> {
  const rows = new Float32Array(items.length * encoder.dim), chunk = encoder.largestBatch;
  for (let at = 0; at < items.length; at += chunk) {
    signal.throwIfAborted();
    const some = items.subarray(at, at + chunk);
    const embeddings = await encoder.embedFrom(
      some.length,
      (x, from, count) =>
        preprocessor.write(Array.from(some.subarray(from, from + count), (n) => reader.image(n)), x),
    );
    rows.set(embeddings, at * encoder.dim);
  }
  return rows;
}

const presetOf = ({ px }: { px: number }) => px <= SMALL_PX ? "cifar" : "byol";

function openPairs(
  { encoder, reader, model: { preprocessing } }: Pick<Judged, "encoder" | "reader" | "model">,
  paired: Uint32Array,
  pipelines: PipelineCache,
): AugmentedEmbedder {
  const [augmentation] = AUGMENTATION_PRESETS[presetOf(preprocessing)];
  return new AugmentedEmbedder(pipelines, encoder, reader, paired, {
    preprocessing,
    augmentation,
    seed: SEED,
  });
}

/** Bytes of GPU memory that judging takes beside the encoder's and that of plain embedding; at the most, for it may be of all. */
export const qualityBytes = (
  judged: Pick<Judged, "encoder" | "reader" | "model">,
  items: Uint32Array,
  pipelines: PipelineCache,
): number => openPairs(judged, items, pipelines).bytes;
