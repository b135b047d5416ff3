import { z } from "@hono/zod-openapi";
import type { Checkpoint, Model } from "../domain/checkpoint.ts";
import {
  type Dataset,
  DATASET_FORMATS,
  DATASET_STATUSES,
  type DatasetItem,
  type DuplicateGroup,
  type RejectedFile,
} from "../domain/dataset.ts";
import { EVENT_TYPES, type Job, JOB_KINDS, JOB_STATUSES, type JobEvent } from "../domain/job.ts";

const numbers = z.record(z.string(), z.number());
const anything = z.record(z.string(), z.unknown());
const triple = z.tuple([z.number(), z.number(), z.number()]);
const place = z.object({ split: z.string(), class: z.string().nullable() });
const failure = z.object({ code: z.string(), message: z.string() });

export const DatasetSchema = z.object({
  id: z.string(),
  object: z.literal("dataset"),
  name: z.string(),
  status: z.enum(DATASET_STATUSES),
  counts: z.object({ images: z.int(), rejected: z.int(), bytes: z.int() }),
  splits: z.record(
    z.string(),
    z.object({ images: z.int(), classes: z.record(z.string(), z.int()) }),
  ),
  channel_mean: triple.nullable(),
  channel_std: triple.nullable(),
  fingerprint: z.string().nullable(),
  duplicates: z.object({
    within: z.int(),
    across: z.int(),
    across_with_labels: z.array(z.object({ labels: z.array(place), contents: z.int() })),
  }).nullable(),
  warnings: z.array(z.object({ code: z.enum(["degenerate_dataset", "part_failed"]), message: z.string() })),
  settings: z.object({
    short_side: z.int(),
    max_rejected: z.number(),
    originals: z.boolean().optional(),
    format: z.enum(DATASET_FORMATS).optional(),
  }),
  progress: z.object({
    images: z.int(),
    rejected: z.int(),
    bytes_read: z.int(),
    bytes_total: z.int(),
    images_per_s: z.number(),
    eta_s: z.number().nullable(),
  }).optional(),
  created_at: z.string(),
  error: failure.optional(),
}).openapi("Dataset") satisfies z.ZodType<Dataset>;

export const DatasetItemSchema = z.object({
  n: z.int(),
  path: z.string(),
  split: z.string(),
  class: z.string().nullable(),
  width: z.int(),
  height: z.int(),
}).openapi("DatasetItem") satisfies z.ZodType<DatasetItem>;

export const RejectedFileSchema = z.object({ path: z.string(), reason: z.string() })
  .openapi("RejectedFile") satisfies z.ZodType<RejectedFile>;

export const DuplicateGroupSchema = z.object({
  images: z.int(),
  items: z.array(place.extend({ n: z.int(), path: z.string() })),
}).openapi("DuplicateGroup") satisfies z.ZodType<DuplicateGroup>;

export const JobSchema = z.object({
  id: z.string(),
  object: z.literal("job"),
  kind: z.enum(JOB_KINDS),
  status: z.enum(JOB_STATUSES),
  dataset: z.string(),
  config: anything,
  given: z.array(z.string()).nullable().openapi({
    description:
      "JSON pointers into `config` of the fields that were sent, the others being filled in; null: not known",
  }),
  metadata: z.record(z.string(), z.string()),
  progress: z.object({
    step: z.int(),
    total_steps: z.int(),
    epoch: z.number(),
    images_per_s: z.number(),
    eta_s: z.number().nullable(),
  }).nullable(),
  metrics: numbers.nullable().openapi({ description: "Each figure as it was told last" }),
  result: anything.nullable(),
  attempt: z.int(),
  error: failure.optional(),
  created_at: z.string(),
  started_at: z.string().nullable(),
  finished_at: z.string().nullable(),
}).openapi("Job") satisfies z.ZodType<Job>;

export const JobEventSchema = z.object({
  seq: z.int(),
  job: z.string(),
  type: z.enum(EVENT_TYPES),
  data: anything,
  created_at: z.string(),
}).openapi("JobEvent") satisfies z.ZodType<JobEvent>;

export const CheckpointSchema = z.object({
  id: z.string(),
  object: z.literal("checkpoint"),
  job: z.string().nullable().openapi({ description: "What made it; null if it was imported" }),
  arch: z.string(),
  px: z.int(),
  step: z.int(),
  epoch: z.number(),
  metrics: numbers,
  files: z.array(z.object({ name: z.string(), bytes: z.int(), sha256: z.string() })),
  created_at: z.string(),
}).openapi("Checkpoint") satisfies z.ZodType<Checkpoint>;

export const ModelSchema = z.object({
  id: z.string(),
  object: z.literal("model"),
  checkpoint: z.string(),
  arch: z.string(),
  dim: z.int(),
  px: z.int(),
  preprocessing: z.object({ px: z.int(), channel_mean: triple, channel_std: triple }),
  task: z.enum(["embedding", "classification"]).openapi({
    description: "What it can do; whatever classifies embeds, too",
  }),
  labels: z.int().openapi({ description: "How many classes it tells apart; 0 if it only embeds" }),
  owned_by: z.literal("latentd"),
  created: z.int(),
  aliases: z.array(z.string()).openapi({ description: "What names its checkpoint" }),
  previous: z.string().nullable().openapi({
    description: "Of an alias, the checkpoint that it named before; null if none, or if that is gone",
  }),
  resident: z.boolean().openapi({ description: "Whether it is held ready: no request waits for it" }),
  latency: z.object({ requests: z.int(), images: z.int(), p50_ms: z.number(), p99_ms: z.number() })
    .nullable().openapi({
      description:
        "Of its checkpoint's requests in the last five minutes, a thousand at most: from when one had been read to its " +
        "rows, decoding and waiting included; null where there were none",
    }),
}).openapi("Model") satisfies z.ZodType<Model>;

export const ProblemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  instance: z.string(),
  errors: z.array(z.object({ detail: z.string(), pointer: z.string().optional() })).optional(),
  progress: z.object({ done: z.int(), total: z.int() }).optional().openapi({
    description:
      "Of `index_in_the_making`: how many of the dataset's images are embedded, once that is known",
  }),
  error: z.object({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
}).openapi("Problem");

/** Several words in a query: repeated, or with commas between them. */
export const manyOf = <T extends string>(words: readonly [T, ...T[]]) =>
  z.preprocess(
    (value) => [value].flat().flatMap((text) => typeof text === "string" ? text.split(",") : text),
    z.array(z.enum(words)).max(100),
  );

/** A list of `item`, as every list of this API is shaped. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z.object({ object: z.literal("list"), data: z.array(item), has_more: z.boolean() });

/** The query of a list that is paged by id. */
export const PageQuery = z.object({
  after: z.string().max(100).optional().openapi({ description: "The id that the page before ended with" }),
  limit: z.coerce.number().int().min(1).max(1000).default(100).openapi({
    description: "The most that are answered",
  }),
});
/** The query of a list that is paged by number. */
export const NumberedPageQuery = PageQuery.extend({
  after: z.coerce.number().int().min(0).optional().openapi({
    description: "The number that the page before ended with",
  }),
});

/** The path of one object; a malformed id is a 404, so it is the handler's to check. */
export const IdPath = z.object({ id: z.string().openapi({ description: "The object's id" }) });
/** The path of one item: digits, for `Number` would take a space for 0. */
export const ItemPath = IdPath.extend({
  n: z.string().regex(/^\d{1,15}$/, "must be a whole number").transform(Number)
    .openapi({ type: "integer", minimum: 0, description: "The image's number, `n` of its entry" }),
});

/** A JSON response of a route. */
export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
/** One that names, in its `Location`, what was made. */
export const created = <T extends z.ZodType>(schema: T, description: string) => ({
  ...json(schema, description),
  headers: z.object({ Location: z.string().openapi({ description: "Its path" }) }),
});
