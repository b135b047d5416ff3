import type { ZodError } from "zod";
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { DomainError, type ErrorCode, type FieldError, type MakingProgress } from "../domain/errors.ts";
import { fieldErrors } from "../domain/field_errors.ts";
import { log } from "../log/log.ts";

const STATUS: Record<ErrorCode, ContentfulStatusCode> = {
  malformed: 400,
  forbidden: 403,
  not_found: 404,
  timeout: 408,
  conflict: 409,
  too_large: 413,
  unsupported_media_type: 415,
  invalid: 422,
  queue_full: 429,
  unavailable: 503,
  overdue: 504,
  disk_full: 507,
};
/** nginx's number for it; it has no other. */
const CLIENT_GONE = 499 as ContentfulStatusCode;
const TITLE: Record<number, string> = {
  400: "Malformed request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  408: "Request timeout",
  409: "Conflict",
  410: "Expired",
  412: "Wrong protocol",
  413: "Content too large",
  415: "Unsupported media type",
  416: "Range not satisfiable",
  421: "Misdirected request",
  422: "Invalid request",
  423: "Locked",
  429: "Too many requests",
  431: "Header fields too large",
  500: "Internal error",
  501: "Not supported",
  503: "Not ready",
  504: "Not done in time",
  507: "Disk full",
};

/** When to try again where a 503 does not say it itself. */
const RETRY_AFTER_SECONDS = 5;

/** @throws {DomainError} Always: what a route's own checks of query and path found. */
export function rejectInvalid(
  result: { success: true } | { success: false; error: ZodError; target: string },
): void {
  if (result.success) return;
  const errors = fieldErrors(result.error, [result.target]);
  throw new DomainError("invalid", `Cannot read the ${result.target}: ${summary(errors)}`, { errors });
}

/** Every error on one line. */
export const summary = (errors: FieldError[]): string =>
  errors.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ").slice(0, 1000);

export const PROBLEM_TYPE = "application/problem+json";

interface ProblemParts {
  code: string;
  errors?: FieldError[];
  progress?: MakingProgress;
  /** The path that was asked for, if one could be read. */
  instance?: string;
}

/** Problem details (RFC 9457) that OpenAI's clients can read too. */
export function problem(
  c: Context,
  status: ContentfulStatusCode,
  detail: string,
  { headers, ...what }: Omit<ProblemParts, "instance"> & { headers?: Record<string, string> },
): Response {
  const body = problemBody(status, detail, { ...what, instance: c.req.path });
  return c.body(body, status, { "Content-Type": PROBLEM_TYPE, ...headers });
}

/** The body of problem details. */
export function problemBody(
  status: number,
  detail: string,
  { code, errors, progress, instance }: ProblemParts,
): string {
  return JSON.stringify({
    type: `/problems/${code}`,
    title: TITLE[status] ?? "Error",
    status,
    detail,
    instance,
    ...(errors?.length ? { errors } : {}),
    progress,
    error: {
      message: detail,
      type: status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "server_error",
      param: errors?.[0]?.pointer?.replace(/^#\/?/, "").replaceAll("/", ".") || null,
      code,
    },
  });
}

/**
 * Ends what a route has given up because its client went away: that is thrown as the signal's reason, which is no Error where
 * the connection broke, and what is none no error handler of hono's sees.
 */
export const answerGone: MiddlewareHandler = async (c, next) => {
  try {
    await next();
  } catch (thrown) {
    if (thrown instanceof Error || !isGone(thrown, c)) throw thrown;
    c.res = c.body(null, CLIENT_GONE);
  }
};

/** Whether it was thrown because the client went away: nobody reads the answer. */
const isGone = (thrown: unknown, { req }: Context): boolean =>
  req.raw.signal.aborted && thrown === req.raw.signal.reason;

/** Answers whatever a route throws; what nobody foresaw is logged under the request's id and stays a bare 500. */
export function toProblem(error: Error, c: Context): Response {
  if (error instanceof DomainError) {
    const { type, errors, retryAfterSeconds, progress } = error.options;
    const after = retryAfterSeconds ?? (error.code === "unavailable" ? RETRY_AFTER_SECONDS : undefined);
    const headers: Record<string, string> = after === undefined ? {} : { "Retry-After": String(after) };
    const code = type ?? error.code;
    return problem(c, STATUS[error.code], error.message, { code, errors, progress, headers });
  }
  if (error instanceof HTTPException && error.status < 500) {
    return problem(c, error.status as ContentfulStatusCode, error.message || "Cannot read the request", {
      code: "malformed",
    });
  }
  if (isGone(error, c)) return c.body(null, CLIENT_GONE);
  log.error(`Cannot answer ${c.req.method} ${c.req.path}`, error);
  return problem(c, 500, "Internal error", { code: "internal" });
}
