import { setTimeout } from "node:timers/promises";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { csvLine } from "../domain/csv.ts";
import type { Job, JobEvent } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";
import { findJob } from "./jobs.ts";
import { type MetricColumns, readColumns, thin } from "./metric_columns.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { IdPath, listOf } from "./schemas.ts";

/** What the columns of a job that trains are; `byol/figures.ts` and `supervised/figures.ts` name them. */
const METRICS = [
  "One row about every second, with means over the steps since the row before where nothing else is said:",
  "`loss`, its two directions `loss_view1` and `loss_view2`; `lr` and `tau` of the last step; `gradient_norm`,",
  "`parameter_norm`; `images_per_s`; `data_wait`, the share of the time in which the GPU waited for data;",
  "`gpu_memory_bytes`. Signs of collapse: `projection_std` (1/√d is healthy, 0 a collapse), `mean_cosine` between",
  "different images' projections, `target_cosine` between both networks' projections of an image, `target_distance`,",
  "`dead_features`, `rankme` (how many dimensions embeddings use). With labels: `probe_loss` and `probe_train_top1`",
  "of the training batch; where an evaluation was made, `knn_top1` with `knn_k` and `knn_temperature`, and",
  "`probe_top1`, both of the split that `config.evaluate` names. In mixed precision: `loss_scale`, `skipped_steps`.",
  "Of a finetune job: `loss`, `train_top1`, `lr`, the norms, `trial` (from 0; the last is the final training) with its",
  "`base_lr`, and at the end of each `validation_top1`, of the last `test_top1`, `test_top5`, `test_mean_per_class`.",
  "A run that goes on from a checkpoint replaces the rows of the steps that it makes again.",
].join(" ");
/** What a row has of how far the job was, besides its step. */
const STANDING = ["epoch", "images_per_s", "eta_s"];
const NAME = /^[a-z][a-z0-9_]{0,63}$/;
const COLUMNS = z.string().transform((text) => text.split(",")).pipe(
  z.array(z.string().regex(NAME, "must be names of columns, with commas between them")).max(64),
).optional().openapi({
  type: "string",
  description:
    "Only these columns, with commas between them, and the step; rows that have none of them are left out. " +
    "Left out itself, every column that the job has",
});
const step = (description: string) =>
  z.coerce.number().int().min(-1).max(Number.MAX_SAFE_INTEGER).optional().openapi({ description });

const ColumnsSchema = z.object({
  object: z.literal("metrics"),
  rows: z.int().openapi({ description: "How many there are, before `points` made them fewer" }),
  columns: z.object({ step: z.array(z.int()), created_at: z.array(z.string()) })
    .catchall(z.array(z.number().nullable()).openapi({ description: "A figure; null where a row lacks it" })),
}).openapi("MetricColumns");

const metrics = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/metrics",
  operationId: "getJobMetrics",
  tags: ["jobs"],
  summary: "Every logged row, each step once; or curves of so many points",
  description: METRICS,
  request: {
    params: IdPath,
    query: z.object({
      format: z.enum(["json", "csv", "columns"]).default("json").openapi({
        description: "`columns`: an array for each column, which is a tenth of the bytes",
      }),
      columns: COLUMNS,
      after_step: step("Only rows of later steps"),
      before_step: step("Only rows of earlier steps"),
      points: z.coerce.number().int().min(2).max(100_000).optional().openapi({
        description:
          "At most so many rows, by which a curve looks as by all of them: two for each stretch, of its first and its last " +
          "step, where each column has its least and its greatest value in that stretch, in the order in which they came",
      }),
    }),
  },
  responses: {
    200: {
      description: "Rows, in order",
      content: {
        "application/json": { schema: z.union([listOf(z.record(z.string(), z.unknown())), ColumnsSchema]) },
        "text/csv": { schema: z.string() },
      },
    },
    ...refusals(404, 422),
  },
});

/** A job's figures: rows as they were told, streamed, or columns. */
export function jobMetricsRoutes({ store }: Pick<ApiDeps, "store">): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(metrics, async (c) => {
    const job = findJob(store, c.req.valid("param").id);
    const { format, columns, points, after_step: after, before_step: before } = c.req.valid("query");
    const isWhole = format !== "columns" && columns === undefined && points === undefined;
    const names = isWhole ? [] : [...new Set(columns ?? namesOf(job))].filter((name) => name !== "step");
    const found = await readColumns(store, job.id, names, { after, before }, c.req.raw.signal);
    const kept = points === undefined ? found : thin(found, points);
    if (format === "columns") {
      const told = { step: kept.step, created_at: kept.told, ...Object.fromEntries(kept.figures) };
      return c.json({ object: "metrics" as const, rows: found.step.length, columns: told }, 200);
    }
    const rows = isWhole ? () => readRows(store, job.id, kept.seq) : () => rowsOf(kept);
    const text = format === "csv" ? toCsv(rows) : toJson(rows);
    const type = format === "csv" ? "text/csv; charset=utf-8" : "application/json";
    const bytes = ReadableStream.from(text).pipeThrough(new TextEncoderStream());
    return c.body(bytes, 200, { "Content-Type": type }) as never;
  });
  return app;
}

const namesOf = ({ metrics }: Job): string[] =>
  [...STANDING, ...Object.keys(metrics ?? {})].filter((name) => NAME.test(name));

type Row = Record<string, unknown>;

/** Rows as they were told, by their events' seqs, some at a time: there may be more than memory is to hold. */
async function* readRows(store: Store, job: string, seqs: number[]): AsyncGenerator<Row[]> {
  for (let next = 0; next < seqs.length;) {
    const events: JobEvent[] = store.listEvents(job, seqs[next] - 1, 500);
    const rows = [];
    for (const { seq, data, created_at } of events) {
      if (seq !== seqs[next]) continue;
      next++;
      rows.push({ ...data, created_at });
    }
    yield rows;
    await setTimeout(1);
  }
}

async function* rowsOf({ step, told, figures }: MetricColumns): AsyncGenerator<Row[]> {
  for (let from = 0; from < step.length; from += 500) {
    yield step.slice(from, from + 500).map((step, k) => ({
      step,
      ...Object.fromEntries([...figures].map(([name, column]) => [name, column[from + k]])),
      created_at: told[from + k],
    }));
  }
}

async function* toJson(rows: () => AsyncGenerator<Row[]>): AsyncGenerator<string> {
  yield '{"object":"list","data":[';
  let comma = "";
  for await (const some of rows()) {
    if (some.length > 0) yield comma + some.map((row) => JSON.stringify(row)).join(",");
    comma = ",";
  }
  yield '],"has_more":false}';
}

/** A line a row, each key of any of them a column; empty where a row lacks it. */
async function* toCsv(rows: () => AsyncGenerator<Row[]>): AsyncGenerator<string> {
  const columns = new Set<string>();
  for await (const some of rows()) {
    for (const row of some) for (const name of Object.keys(row)) columns.add(name);
  }
  yield csvLine([...columns]);
  const cell = (value: unknown) => typeof value === "number" ? value : String(value ?? "");
  for await (const some of rows()) {
    yield some.map((row) => csvLine([...columns].map((name) => cell(row[name])))).join("");
  }
}
