import { createHash } from "node:crypto";
import type { Dataset } from "../domain/dataset.ts";
import { DomainError, type FieldError, fromFailure } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { isId, newId } from "../domain/ids.ts";
import { isEnded, type Job, JOB_KINDS, type JobKind } from "../domain/job.ts";
import { JobRequest } from "../domain/job_request.ts";
import type { Planner, WorkPlan } from "../domain/planner.ts";
import type { Store } from "../domain/ports.ts";
import { log } from "../log/log.ts";
import type { Checked } from "./kind.ts";
import { KINDS } from "./kinds.ts";

/** For so long the same body without a key is its client's second try, as SDKs make one after an answer that got lost. */
const RETRY_MS = 60_000;

/**
 * Queues what the body of `POST /v1/jobs` describes. The same idempotency key and body give the same job again; so does
 * the same body without a key within a minute, until the job has ended.
 *
 * Nothing in here waits, and one process has the store: of two requests at once with one key the second finds the first
 * one's job. There is no "in flight" for a 409 to tell of.
 *
 * @throws {DomainError} `malformed` if the body is no object; `invalid` with every mistake in `errors`; `not_found` if
 * the dataset's id is the only mistake; `conflict` if the dataset is not ready; `queue_full`.
 */
export function submitJob(
  options: SubmitOptions,
  body: unknown,
  idempotencyKey?: string,
): Job {
  const { earlier, job, sent } = checkSubmission(options, body, idempotencyKey);
  if (earlier) return earlier;
  options.store.createJob(job, sent);
  return options.store.getJob(job.id)!;
}

/**
 * As {@link submitJob}, but a job that does not fit the GPU is refused where that can be told soon.
 *
 * @throws {DomainError} Also `invalid`, type `does_not_fit`, naming the largest batch that does, or type
 *   `model_too_large`.
 */
export async function submitFittingJob(
  options: SubmitOptions & { planner: Planner },
  body: unknown,
  idempotencyKey?: string,
): Promise<Job> {
  const { earlier, job, dataset } = checkSubmission(options, body, idempotencyKey);
  if (earlier) return earlier;
  const refusal = (await planJob(options.planner, job, dataset))?.memory?.refusal;
  if (refusal) throw fromFailure(refusal);
  return submitJob(options, body, idempotencyKey); // looked at anew: the same may have been submitted meanwhile
}

/** What a job will take; undefined where that cannot be told soon, or if it would fail by something else: the run will tell. */
async function planJob(planner: Planner, job: Job, dataset: Dataset): Promise<WorkPlan | undefined> {
  try {
    return await planner.plan({ dataset: dataset.id, work: KINDS[job.kind].work(job.config, dataset) });
  } catch (error) {
    if (!(error instanceof DomainError)) log.warn("a job is queued without a plan:", error);
    return undefined;
  }
}

export interface SubmitOptions {
  store: Store;
  now?: () => Date;
  maxQueued?: number;
}
/** What there is already of a body, or the job that it asks for. */
type Submission =
  | { earlier: Job; job?: undefined; sent?: undefined; dataset?: undefined }
  | { earlier?: undefined; job: Job; sent: Sent | undefined; dataset: Dataset };
type Sent = { fingerprint: string; key?: string };

function checkSubmission(
  options: SubmitOptions,
  body: unknown,
  idempotencyKey?: string,
): Submission {
  const { store, now = () => new Date(), maxQueued = 100 } = options;
  expectObject(body);
  if (idempotencyKey !== undefined && !/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    throw new DomainError("malformed", "Cannot read Idempotency-Key: 1 to 255 visible ASCII characters");
  }
  const shape = JobRequest.safeParse(body);
  const sent = shape.success ? { key: idempotencyKey, fingerprint: fingerprint(shape.data) } : undefined;
  const earlier = sent && findEarlier(store, sent, now());
  if (earlier) return { earlier };
  const checked = checkJob(options, body);
  if (store.listJobs({ status: "queued" }, { limit: maxQueued }).data.length >= maxQueued) {
    throw new DomainError("queue_full", `Cannot queue the job: ${maxQueued} are waiting`, {
      retryAfterSeconds: 30,
    });
  }
  return { ...checked, sent };
}

function expectObject(body: unknown): asserts body is Record<string, unknown> {
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return;
  throw new DomainError("malformed", "Cannot submit a job: the body must be a JSON object", {
    errors: [{ pointer: "#", detail: "must be an object" }],
  });
}

/**
 * Checks a body as `submitJob` does, and makes nothing of it.
 *
 * @returns The job that it would be, and its dataset.
 * @throws {DomainError} As `submitJob`, but for `queue_full`.
 */
export function checkJob(
  { store, now = () => new Date() }: SubmitOptions,
  body: unknown,
): { job: Job; dataset: Dataset } {
  expectObject(body);
  const shape = JobRequest.safeParse(body), fields = body;
  const shapeErrors = shape.error ? fieldErrors(shape.error) : [];
  const dataset = typeof fields.dataset === "string" && isId("ds", fields.dataset)
    ? store.getDataset(fields.dataset)
    : undefined;
  const config = checkConfig(store, fields.kind, fields.config, dataset);
  const errors = [...shapeErrors, ...config.errors];
  const unknownDataset = typeof fields.dataset === "string" && !dataset;
  if (unknownDataset) errors.push({ pointer: "#/dataset", detail: "there is no such dataset" });
  if (unknownDataset && errors.length === 1) {
    throw new DomainError(
      "not_found",
      `Cannot find dataset ${JSON.stringify(String(fields.dataset).slice(0, 60))}`,
      {
        errors,
      },
    );
  }
  if (!shape.success || !config.value || errors.length > 0) {
    const mistakes = errors.length === 1 ? "1 mistake" : `${errors.length} mistakes`;
    throw new DomainError("invalid", `Cannot submit the job: ${mistakes}; ${describe(errors)}`, { errors });
  }
  if (dataset!.status !== "ready") {
    throw new DomainError(
      "conflict",
      `Cannot use ${dataset!.id}: its status must be ready, got ${dataset!.status}`,
    );
  }
  const { kind, metadata } = shape.data;
  const job: Job = {
    ...{
      id: newId("job"),
      object: "job",
      kind,
      status: "queued",
      dataset: dataset!.id,
      config: config.value,
    },
    ...{
      given: pointersOf(shape.data.config),
      metadata,
      progress: null,
      metrics: null,
      result: null,
      attempt: 0,
    },
    ...{ created_at: now().toISOString(), started_at: null, finished_at: null },
  };
  return { job, dataset: dataset! };
}

/** @throws {DomainError} `invalid`, if the key has made a job of another body. */
function findEarlier(
  store: Store,
  { key, fingerprint }: { key?: string; fingerprint: string },
  now: Date,
): Job | undefined {
  if (key === undefined) {
    // Both ways, since the clock may have been set back in between.
    const [from, to] = [-RETRY_MS, RETRY_MS].map((ms) => new Date(now.getTime() + ms).toISOString());
    const job = store.findSent(fingerprint, from, to);
    return job && !isEnded(job.status) ? job : undefined;
  }
  const kept = store.getIdempotent(key);
  if (!kept) return undefined;
  if (kept.fingerprint === fingerprint) return store.getJob(kept.job)!;
  throw new DomainError("invalid", `Cannot use the Idempotency-Key: it made ${kept.job} of another body`, {
    type: "idempotency_key_reused",
  });
}

const describe = (errors: FieldError[]) =>
  errors.map((e) => `${e.pointer} ${e.detail}`).join("; ").slice(0, 1000);

function checkConfig(
  store: Store,
  kind: unknown,
  config: unknown,
  dataset: Dataset | undefined,
): Checked<Record<string, unknown>> {
  // Without a kind or an object there is nothing to hold the config against; the body's own check has said so.
  if (
    !JOB_KINDS.includes(kind as JobKind) || typeof config !== "object" || config === null ||
    Array.isArray(config)
  ) {
    return { errors: [] };
  }
  return KINDS[kind as JobKind].check(store, config, dataset);
}

/** JSON pointers (RFC 6901) of an object's values, those of objects within it by their own. */
function pointersOf(object: object, prefix = ""): string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const pointer = `${prefix}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? pointersOf(value, pointer) : [pointer];
  });
}

function fingerprint(body: unknown): string {
  const sorted = JSON.stringify(
    body,
    (_key, value) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1))
        : value,
  );
  return createHash("sha256").update(sorted).digest("hex");
}
