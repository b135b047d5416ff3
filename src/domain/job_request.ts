import { z } from "zod";
import { EmbedConfig } from "./embed.ts";
import { JOB_KINDS } from "./job.ts";
import { FinetuneRequest } from "./finetune.ts";
import { KnnConfig } from "./knn.ts";
import { LinearProbeRequest } from "./linear_probe.ts";
import { PretrainRequest } from "./pretrain.ts";

/** The body of `POST /v1/jobs` but for `config`, which the kind decides and which is checked with its dataset at hand. */
export const JobRequest = z.strictObject({
  kind: z.enum(JOB_KINDS),
  dataset: z.string().describe("A dataset that is ready"),
  config: z.record(z.string(), z.unknown()),
  metadata: z.record(z.string().max(64), z.string().max(512)).refine((m) => Object.keys(m).length <= 16, {
    error: "at most 16 entries",
  }).default({}).describe("Whatever you want to find again on the job: at most 16 entries"),
});

/** The whole body, by kind: the same fields, with the config that the kind has. */
export const PretrainJobRequest = JobRequest.extend({ kind: z.literal("pretrain"), config: PretrainRequest });
export const KnnJobRequest = JobRequest.extend({ kind: z.literal("knn"), config: KnnConfig });
export const FinetuneJobRequest = JobRequest.extend({ kind: z.literal("finetune"), config: FinetuneRequest });
export const LinearProbeJobRequest = JobRequest.extend({
  kind: z.literal("linear_probe"),
  config: LinearProbeRequest,
});
export const EmbedJobRequest = JobRequest.extend({ kind: z.literal("embed"), config: EmbedConfig });
export const AnyJobRequest = z.discriminatedUnion("kind", [
  PretrainJobRequest,
  KnnJobRequest,
  LinearProbeJobRequest,
  FinetuneJobRequest,
  EmbedJobRequest,
]);
