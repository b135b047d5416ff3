import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { Augmentation, ViewAugmentation } from "../domain/augmentation.ts";
import { DomainError } from "../domain/errors.ts";
import { checkId } from "../domain/ids.ts";
import { type Job, JOB_KINDS, JOB_STATUSES } from "../domain/job.ts";
import { EmbedConfig } from "../domain/embed.ts";
import { FinetuneRequest } from "../domain/finetune.ts";
import {
  AnyJobRequest,
  EmbedJobRequest,
  FinetuneJobRequest,
  KnnJobRequest,
  LinearProbeJobRequest,
  PretrainJobRequest,
} from "../domain/job_request.ts";
import { KnnConfig } from "../domain/knn.ts";
import { LinearProbeRequest } from "../domain/linear_probe.ts";
import type { Store } from "../domain/ports.ts";
import { PretrainRequest } from "../domain/pretrain.ts";
import { readJson } from "./body.ts";
import type { ApiDeps } from "./deps.ts";
import { rejectInvalid } from "./problem.ts";
import { refusals } from "./refusals.ts";
import { bodyOf, describeBodies } from "./request_schemas.ts";
import { answerUnlessSame, IF_CHANGED, NOT_MODIFIED, TAGGED } from "./unless_same.ts";
import { created, IdPath, JobSchema, json, listOf, manyOf, PageQuery } from "./schemas.ts";

/** A body of each kind. */
export const EXAMPLES = {
  pretrain: {
    kind: "pretrain",
    dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
    config: { arch: "cifar_resnet8", batch: 32, epochs: 3, optimizer: { name: "lars", base_lr: 8 } },
    metadata: { team: "search" },
  },
  knn: {
    kind: "knn",
    dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
    config: { checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W", k: [20, 200] },
  },
  linear_probe: {
    kind: "linear_probe",
    dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
    config: {
      checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W",
      protocol: "sgd",
      sgd: { rates: [0.4, 0.1], epochs: 20 },
    },
  },
  finetune: {
    kind: "finetune",
    dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
    config: {
      init: "ckpt_01M88CBGKDP4JZY3SP91EM097W",
      labels_per_class: 50,
      base_lr: [0.05, 0.2],
      steps: [400],
    },
  },
  embed: {
    kind: "embed",
    dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
    config: { checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W", format: "parquet" },
  },
};
/** What a body may be; checked once, with the store at hand, by `submit`. */
const BODIES = {
  ...{ JobRequest: AnyJobRequest, PretrainJobRequest, KnnJobRequest, LinearProbeJobRequest },
  ...{ FinetuneJobRequest, EmbedJobRequest, PretrainConfig: PretrainRequest, KnnConfig },
  ...{ LinearProbeConfig: LinearProbeRequest, FinetuneConfig: FinetuneRequest, EmbedConfig },
  ...{ Augmentation, ViewAugmentation },
};

const submit = createRoute({
  method: "post",
  path: "/v1/jobs",
  operationId: "submitJob",
  tags: ["jobs"],
  summary: "Queue a job",
  request: {
    headers: z.object({
      "idempotency-key": z.string().optional().openapi({
        description:
          "The same key and body give the same job again; another body is refused (422). Without a key, " +
          "the same body within a minute gives the same job until that has ended: a client's second try",
      }),
    }),
    body: { required: true, content: bodyOf("JobRequest", EXAMPLES) },
  },
  responses: { 202: created(JobSchema, "Queued"), ...refusals(400, 404, 409, 413, 415, 422, 429, 507) },
});
const list = createRoute({
  method: "get",
  path: "/v1/jobs",
  operationId: "listJobs",
  tags: ["jobs"],
  summary: "List jobs, newest first",
  request: {
    query: PageQuery.extend({
      kind: z.enum(JOB_KINDS).optional(),
      status: manyOf(JOB_STATUSES).optional().openapi({
        ...{ type: "array", items: { type: "string", enum: [...JOB_STATUSES] } },
        description: "One or more: repeated, or with commas between them",
      }),
      dataset: z.string().optional().openapi({ description: "Only those of this dataset" }),
    }),
    headers: IF_CHANGED,
  },
  responses: {
    200: { ...json(listOf(JobSchema), "Jobs"), headers: TAGGED },
    ...NOT_MODIFIED,
    ...refusals(422),
  },
});
const get = createRoute({
  method: "get",
  path: "/v1/jobs/{id}",
  operationId: "getJob",
  tags: ["jobs"],
  summary: "One job",
  request: { params: IdPath },
  responses: { 200: json(JobSchema, "The job"), ...refusals(404) },
});
const cancel = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/cancel",
  operationId: "cancelJob",
  tags: ["jobs"],
  summary: "Cancel a job that has not ended",
  request: { params: IdPath },
  responses: { 200: json(JobSchema, "Cancelled"), ...refusals(404, 409, 507) },
});
const pause = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/pause",
  operationId: "pauseJob",
  tags: ["jobs"],
  summary: "Pause a queued or running job, over restarts too; a running one keeps a last checkpoint",
  request: { params: IdPath },
  responses: { 200: json(JobSchema, "Paused"), ...refusals(404, 409, 507) },
});
const resume = createRoute({
  method: "post",
  path: "/v1/jobs/{id}/resume",
  operationId: "resumeJob",
  tags: ["jobs"],
  summary: "Put a paused job back at its place in the queue; it goes on from its last checkpoint",
  request: { params: IdPath },
  responses: { 200: json(JobSchema, "Queued"), ...refusals(404, 409, 507) },
});
/** Finds a job, or throws `not_found`. */
export function findJob(store: Store, id: string): Job {
  const job = store.getJob(checkId("job", id));
  if (!job) throw new DomainError("not_found", `Cannot find job ${id}: there is none`);
  return job;
}

/** Submitting, listing, pausing and cancelling jobs. */
export function jobRoutes({ store, submit: submitJob, runner, limits }: ApiDeps): OpenAPIHono {
  const app = new OpenAPIHono({ defaultHook: rejectInvalid });
  describeBodies(app, BODIES);
  app.openapi(submit, async (c) => {
    const job = await submitJob(await readJson(c, limits.jsonBytes), c.req.header("Idempotency-Key"));
    runner.wake();
    return c.json(job, 202, { Location: `/v1/jobs/${job.id}` });
  });
  app.openapi(list, (c) => {
    const { kind, status, dataset, ...page } = c.req.valid("query");
    const { data, has_more } = store.listJobs({ kind, status, dataset }, page);
    return answerUnlessSame(c, { object: "list" as const, data, has_more });
  });
  app.openapi(get, (c) => c.json(findJob(store, c.req.valid("param").id), 200));
  app.openapi(cancel, (c) => c.json(runner.cancel(findJob(store, c.req.valid("param").id).id), 200));
  app.openapi(pause, (c) => c.json(runner.pause(findJob(store, c.req.valid("param").id).id), 200));
  app.openapi(resume, (c) => c.json(runner.resume(findJob(store, c.req.valid("param").id).id), 200));
  return app;
}
