import { z } from "zod";

/** The config of a `knn` job: k-NN accuracy of a checkpoint's embeddings (cosine, votes weighted by exp(sim / T)). */
export const KnnConfig = z.strictObject({
  checkpoint: z.string().describe("The checkpoint whose embeddings are judged"),
  k: z.int().min(1).max(10_000).default(200).describe("Neighbours that vote"),
  temperature: z.number().positive().max(100).default(0.1).describe("A vote weighs exp(cosine / this)"),
  bank_split: z.string().min(1).max(100).default("train").describe("The split whose labels vote"),
  query_split: z.string().min(1).max(100).default("test").describe("The split whose images are classified"),
});
export type KnnConfig = z.infer<typeof KnnConfig>;
