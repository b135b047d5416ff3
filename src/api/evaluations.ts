import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Checkpoint } from "../domain/checkpoint.ts";
import { type Evaluation, EVALUATION_KINDS, evaluationsOf } from "../domain/evaluation.ts";
import type { Store } from "../domain/ports.ts";
import { findCheckpoint } from "./checkpoints.ts";
import type { ApiDeps } from "./deps.ts";
import { findJob } from "./jobs.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { IdPath, listOf } from "./schemas.ts";

const MARKDOWN = "text/markdown";

const EvaluationSchema = z.object({
  object: z.literal("evaluation"),
  checkpoint: z.string(),
  step: z.int().openapi({ description: "The checkpoint's" }),
  kind: z.enum([...EVALUATION_KINDS, "online_knn"]),
  job: z.string().openapi({
    description: "What found it out: of an online one the job that made the checkpoint",
  }),
  dataset: z.string(),
  split: z.string().nullable().openapi({ description: "The split that it is of; null: all images" }),
  metrics: z.record(z.string(), z.number()).openapi({
    description:
      "Shares, 0 … 1: `top1`, `top5`, `mean_per_class`; and whatever was told of label-free quality",
  }),
  protocol: z.record(z.string(), z.unknown()).openapi({ description: "What the figures depend on" }),
  created_at: z.string(),
}).openapi("Evaluation") satisfies z.ZodType<Evaluation>;

const query = z.object({
  format: z.enum(["json", "markdown"]).optional().openapi({
    description: "Left out, Markdown where `Accept` asks for text/markdown, and JSON otherwise",
  }),
});
const responses = {
  200: {
    description: "All of them",
    content: {
      "application/json": { schema: listOf(EvaluationSchema) },
      [MARKDOWN]: { schema: z.string() },
    },
  },
  ...refusals(404, 422),
};
const ofCheckpoint = createRoute({
  method: "get",
  path: "/v1/checkpoints/{id}/evaluations",
  operationId: "listCheckpointEvaluations",
  tags: ["checkpoints"],
  summary: "Every evaluation of a checkpoint, newest first, as one table",
  request: { params: IdPath, query },
  responses,
});
const ofJob = createRoute({
  method: "get",
  path: "/v1/jobs/{id}/evaluations",
  operationId: "listJobEvaluations",
  tags: ["jobs"],
  summary: "Every evaluation of a job's checkpoints, the newest checkpoint's first, as one table",
  request: { params: IdPath, query },
  responses,
});

/** Evaluations of a checkpoint, and of a run's. */
export function evaluationRoutes({ store }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  app.openapi(ofCheckpoint, (c) => {
    const rows = gather(store, [findCheckpoint(store, c.req.valid("param").id)]);
    return wantsMarkdown(c, c.req.valid("query")) ? markdown(c, rows) : c.json(listed(rows), 200);
  });
  app.openapi(ofJob, (c) => {
    const rows = gather(store, store.listLatestFirst(findJob(store, c.req.valid("param").id).id));
    return wantsMarkdown(c, c.req.valid("query")) ? markdown(c, rows) : c.json(listed(rows), 200);
  });
  return app;
}

const gather = (store: Store, checkpoints: Checkpoint[]): Evaluation[] =>
  checkpoints.flatMap((checkpoint) => {
    const maker = checkpoint.job === null ? undefined : store.getJob(checkpoint.job);
    return evaluationsOf(checkpoint, store.listEvaluations(checkpoint.id), maker);
  });
const listed = (data: Evaluation[]) => ({ object: "list" as const, data, has_more: false });

const wantsMarkdown = (c: Context, { format }: z.infer<typeof query>): boolean =>
  format === undefined ? (c.req.header("Accept") ?? "").includes(MARKDOWN) : format === "markdown";

const SHARES = ["top1", "top5", "mean_per_class", "probe_top1"];
const FIGURES = ["rankme", "uniformity", "alignment", "feature_std"];
/** Of a protocol, what fits a table: the rest is in the JSON. */
const TOLD = [
  ...["protocol", "k", "temperature", "distance", "lambda", "rate", "base_lr", "steps", "epochs"],
  ...["batch", "labels", "freeze", "bank_split", "train_split", "train_images", "validation", "seed"],
];

function markdown(c: Context, rows: Evaluation[]) {
  const used = [...SHARES, ...FIGURES].filter((name) => rows.some(({ metrics }) => name in metrics));
  const head = ["checkpoint", "step", "kind", "dataset", "split", "protocol", ...used, "job"];
  const lines = [
    head,
    head.map((name) => used.includes(name) || name === "step" ? "---:" : "---"),
    ...rows.map(({ checkpoint, step, kind, dataset, split, protocol, metrics, job }) => [
      ...[checkpoint, step, kind, dataset, split ?? "", described(protocol)],
      ...used.map((name) => figure(name, metrics[name])),
      job,
    ]),
  ];
  const text = lines.map((line) => `| ${line.map(escaped).join(" | ")} |\n`).join("");
  return c.body(text, 200, { "Content-Type": `${MARKDOWN}; charset=utf-8`, "Vary": "Accept" });
}

const figure = (name: string, value: number | undefined): string =>
  value === undefined ? "" : SHARES.includes(name) ? `${(100 * value).toFixed(2)} %` : value.toPrecision(4);

const described = (protocol: Record<string, unknown>): string =>
  TOLD.filter((name) => ["string", "number"].includes(typeof protocol[name]))
    .map((name) => `${name} ${protocol[name]}`).join(", ");

/** Names are whatever a client has called its splits: none may end a cell. */
const escaped = (cell: string | number): string =>
  String(cell).replaceAll(/[\\|<>`]/g, "\\$&").replaceAll(/\s+/g, " ");
