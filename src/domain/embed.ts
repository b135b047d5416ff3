import { z } from "zod";

export const EMBED_FORMATS = ["npy", "parquet", "csv"] as const;
export type EmbedFormat = typeof EMBED_FORMATS[number];

/** The config of an `embed` job: a dataset's embeddings, as files. */
export const EmbedConfig = z.strictObject({
  checkpoint: z.string().describe("The checkpoint that embeds; of a classifier, its features"),
  split: z.string().min(1).max(100).nullable().default(null).describe("The split to embed; null: all images"),
  format: z.enum(EMBED_FORMATS).default("npy").describe(
    "`npy`: embeddings.npy, [N, D] little-endian f32, and ids.jsonl, a line a row; `parquet`: embeddings.parquet of id, " +
      "path, split, label, embedding (list<float>); `csv`: embeddings.csv, the same with a column a value",
  ),
  normalize: z.boolean().default(false).describe("Whether each row is scaled to unit Euclidean length"),
  quality: z.boolean().default(false).describe(
    "Whether the result has `quality`, which needs no labels: RankMe, uniformity, alignment, feature_std",
  ),
});
export type EmbedConfig = z.infer<typeof EmbedConfig>;
