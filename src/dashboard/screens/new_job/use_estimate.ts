import { useEffect, useState } from "preact/hooks";
import { Refused, type Schemas } from "../../../client/client.ts";
import type { FieldError, Json } from "../../forms/pointers.ts";
import { authorization } from "../../live/session.ts";
import type { JobBody } from "./job_body.ts";

/** What `POST /v1/jobs/estimate` answers. */
export type Estimate = Omit<Schemas["JobEstimate"], "config"> & { config: Json };
export interface Estimating {
  /** The last one that there was, of this kind and dataset. */
  estimate?: Estimate;
  /** What is wrong with what is given now. */
  errors: FieldError[];
  /** Why there is none now, if not for `errors`. */
  failure?: Error;
  /** Whether the server has no such call. */
  absent: boolean;
  busy: boolean;
  /** Whether `estimate` and `errors` are of what is given now. */
  current: boolean;
}
/** How long fields have to stay before they are asked about. */
const STAYS_MS = 400;

interface Answer {
  text?: string;
  about?: string;
  estimate?: Estimate;
  errors: FieldError[];
  failure?: Error;
  absent: boolean;
}

/** What the server makes of a body, asked anew when it changes. @param body Undefined while it lacks what is required. */
export function useEstimate(body: JobBody | undefined): Estimating {
  const [answer, setAnswer] = useState<Answer>({ errors: [], absent: false });
  const text = body && JSON.stringify(body), about = body && `${body.kind} ${body.dataset}`;
  useEffect(() => {
    if (text === undefined || answer.absent) return;
    const stop = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const estimate = await askEstimate(text, stop.signal);
        setAnswer({ text, about, estimate, errors: [], absent: false });
      } catch (error) {
        if (stop.signal.aborted) return;
        setAnswer((before) => ({ ...before, text, ...refusalOf(error as Error) }));
      }
    }, STAYS_MS);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text, answer.absent]);
  const { estimate, errors, failure, absent } = answer, current = text !== undefined && answer.text === text;
  return {
    estimate: about === undefined || answer.about === about ? estimate : undefined,
    errors: text === undefined ? [] : errors,
    failure: current ? failure : undefined,
    absent,
    busy: text !== undefined && !current && !absent,
    current,
  };
}

async function askEstimate(body: string, signal: AbortSignal): Promise<Estimate> {
  const headers = { ...authorization(), "Content-Type": "application/json" };
  const response = await fetch("/v1/jobs/estimate", { method: "POST", headers, body, signal });
  if (!response.ok) throw await Refused.of(response);
  return await response.json();
}

/** A 404 or 405 that names no field is of the call itself. */
function refusalOf(error: Error): Pick<Answer, "errors" | "failure" | "absent"> {
  if (!(error instanceof Refused)) return { errors: [], failure: error, absent: false };
  const errors = error.problem?.errors ?? [], { status } = error.response;
  const absent = (status === 404 || status === 405) && errors.length === 0;
  return { errors, failure: errors.length === 0 && !absent ? error : undefined, absent };
}
