import { z } from "zod";

/** The paper's grid (byol.md §B1, transfer): 45 values, evenly by their logarithm. */
export const LAMBDAS: readonly number[] = Array.from(
  { length: 45 },
  (_, i) => Number((10 ** (-6 + (11 * i) / 44)).toPrecision(6)),
);
/** The paper's (byol.md §B1, linear evaluation), of a batch of 256. */
export const RATES = [0.4, 0.3, 0.2, 0.1, 0.05] as const;
/** The paper's, and what remains of it for a small dataset: an epoch of fewer steps than this would hardly train. */
export const LARGEST_BATCH = 1024, STEPS_AN_EPOCH = 16;

export const PROBE_PROTOCOLS = ["lbfgs", "sgd"] as const;
const splitName = z.string().min(1).max(100);
const sweep = (most: number) => z.array(z.number().positive().max(most)).min(1).max(100);

const fields = {
  checkpoint: z.string().describe("The checkpoint whose encoder is judged; it stays as it is"),
  protocol: z.enum(PROBE_PROTOCOLS).default("lbfgs").describe(
    "`lbfgs`: embeddings once, without augmentation, and L2-regularised logistic regression (transfer). `sgd`: " +
      "embeddings of random crops, flipped by chance, anew each epoch, and SGD (the paper's linear evaluation)",
  ),
  train_split: splitName.default("train").describe("The split whose labels the classifier is trained on"),
  validation: z.union([splitName, z.number().positive().max(0.5)], {
    error: "must be a split's name, or a share of train_split up to 0.5",
  }).default(0.1).describe(
    "What lambda or rate is chosen on: a split, or a share of train_split (of each class, at least one); the classifier " +
      "is then trained anew on both",
  ),
  test_split: splitName.default("test").describe("The split that the result is of"),
  seed: z.int().min(0).default(0).describe("What is held out, and what is drawn, are functions of it"),
  quality: z.boolean().default(false).describe(
    "Whether the result has `quality`, which needs no labels, of test_split",
  ),
  lbfgs: z.strictObject({
    lambdas: sweep(1e12).default([...LAMBDAS])
      .describe("Weights to try of half the squared weights, beside the summed loss; 1 / C in scikit-learn"),
    max_iterations: z.int().min(1).max(100_000).default(1000),
    tolerance: z.number().positive().max(1).default(1e-6)
      .describe("Of the gradient of the objective divided by the images: largest entry at the end"),
  }).optional(),
  sgd: z.strictObject({
    rates: sweep(1000).default([...RATES])
      .describe("Rates to try, each multiplied by batch / 256; it falls to 0 along a cosine"),
    epochs: z.int().min(1).max(10_000).default(80),
    batch: z.int().min(1).max(8192).describe(
      `Images a step; left out ${LARGEST_BATCH}, or the power of two that makes ${STEPS_AN_EPOCH} steps an epoch at least`,
    ),
    momentum: z.number().min(0).lt(1).default(0.9).describe("Nesterov's"),
    crop_area: z.tuple([z.number().min(0.001).max(1), z.number().min(0.001).max(1)]).refine(
      ([from, to]) => from <= to,
      { error: "must be [least, most], least first" },
    ).default([0.08, 1]).describe("The crop's share of the image"),
    flip: z.number().min(0).max(1).default(0.5),
  }).optional(),
};

/** The config of a `linear_probe` job: how well a linear classifier of a checkpoint's embeddings does. */
export const LinearProbeConfig = z.strictObject(fields);
export type LinearProbeConfig = z.infer<typeof LinearProbeConfig>;
type Sgd = NonNullable<LinearProbeConfig["sgd"]>;

/** As it is sent: `batch` may be left out, and so may either protocol's settings. */
export const LinearProbeRequest = z.strictObject({
  ...fields,
  sgd: z.strictObject({ ...fields.sgd.unwrap().shape, batch: fields.sgd.unwrap().shape.batch.optional() })
    .optional(),
}).refine(({ protocol, lbfgs }) => protocol === "lbfgs" || lbfgs === undefined, {
  error: "is for the protocol lbfgs",
  path: ["lbfgs"],
}).refine(({ protocol, sgd }) => protocol === "sgd" || sgd === undefined, {
  error: "is for the protocol sgd",
  path: ["sgd"],
});
export type LinearProbeRequest = z.infer<typeof LinearProbeRequest>;

/** Fills in whatever a request leaves out. @param images What the classifier is trained on at first. */
export function resolveLinearProbe(request: LinearProbeRequest, images: number): LinearProbeConfig {
  const { lbfgs, sgd, ...rest } = request, own = fields[request.protocol].unwrap();
  if (request.protocol === "lbfgs") {
    return { ...rest, lbfgs: own.parse(lbfgs ?? {}) as LinearProbeConfig["lbfgs"] };
  }
  return { ...rest, sgd: own.parse({ ...sgd, batch: sgd?.batch ?? batchFor(images) }) as Sgd };
}

function batchFor(images: number): number {
  const most = Math.max(1, images / STEPS_AN_EPOCH);
  return Math.min(LARGEST_BATCH, 2 ** Math.floor(Math.log2(most)));
}
