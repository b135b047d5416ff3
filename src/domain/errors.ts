/** What can go wrong that a caller can act on; the API maps each code to one HTTP status. */
export type ErrorCode =
  | "malformed" // 400: not readable as what it claims to be
  | "forbidden" // 403: not for this caller, or not here
  | "not_found" // 404
  | "timeout" // 408: what was to come did not
  | "conflict" // 409: the object's state does not allow it
  | "too_large" // 413
  | "unsupported_media_type" // 415
  | "invalid" // 422: readable, but wrong
  | "queue_full" // 429
  | "unavailable" // 503: worker not ready
  | "overdue" // 504: it was not done in the time that it may take
  | "disk_full"; // 507

/** One thing wrong with an input; `pointer` is a JSON pointer such as `#/config/batch`. */
export interface FieldError {
  detail: string;
  pointer?: string;
}

/** How far what is being made is, in what it is made of: images, say. */
export interface MakingProgress {
  done: number;
  total: number;
}

/**
 * The `type` of the error that a worker's process ends with when its GPU is lost: a new process may get a new device, so
 * what was under way may be tried again.
 */
export const GPU_LOST = "gpu_lost";

/** An error whose message is meant for the caller. Anything else that is thrown is a fault of ours. */
export class DomainError extends Error {
  override name = "DomainError";
  constructor(
    readonly code: ErrorCode,
    message: string,
    /**
     * `type`: a finer, stable name such as `image_too_large`; `errors`: every failure, not only the first; `progress`: of
     * what is not there yet.
     */
    readonly options: {
      type?: string;
      errors?: FieldError[];
      retryAfterSeconds?: number;
      progress?: MakingProgress;
    } = {},
  ) {
    super(message);
  }
}

/** An error as one thread tells another of it, which gets no classes: without a code it is a fault of ours. */
export interface Failure {
  message: string;
  code?: ErrorCode;
  type?: string;
  errors?: FieldError[];
}

/** What to tell. @param doing What could not be done, for an error that is not meant for a caller: "Cannot …". */
export const toFailure = (error: unknown, doing: string): Failure =>
  error instanceof DomainError
    ? { code: error.code, message: error.message, type: error.options.type, errors: error.options.errors }
    : { message: `${doing}: ${error instanceof Error ? error.message : String(error)}` };

/** The error that was told of. */
export const fromFailure = ({ code, message, type, errors }: Failure): Error =>
  code ? new DomainError(code, message, { type, errors }) : new Error(message);
