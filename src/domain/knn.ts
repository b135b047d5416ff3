import { z } from "zod";

const neighbours = z.int().min(1).max(10_000);

/** The config of a `knn` job: k-NN accuracy of a checkpoint's embeddings (cosine, votes weighted by exp(sim / T)). */
export const KnnConfig = z.strictObject({
  checkpoint: z.string().describe("The checkpoint whose embeddings are judged; it stays as it is"),
  k: z.union([neighbours, z.array(neighbours).min(1).max(50)], {
    error: "must be a number from 1 to 10000, or up to 50 of them",
  }).default(200).describe("Neighbours that vote; of several numbers the first is what `top1` is of"),
  temperature: z.number().positive().max(100).default(0.1).describe("A vote weighs exp(cosine / this)"),
  distance: z.enum(["cosine"]).default("cosine").describe("What is near"),
  bank_split: z.string().min(1).max(100).default("train").describe("The split whose labels vote"),
  query_split: z.string().min(1).max(100).default("test").describe("The split whose images are classified"),
  quality: z.boolean().default(false).describe(
    "Whether the result has `quality`, which needs no labels, of query_split",
  ),
});
export type KnnConfig = z.infer<typeof KnnConfig>;

/** The numbers of neighbours that a config asks for. */
export const ksOf = ({ k }: Pick<KnnConfig, "k">): number[] => Array.isArray(k) ? k : [k];
