import { useRef, useState } from "preact/hooks";
import { Refused, type Schemas } from "../../../client/client.ts";
import type { FieldError } from "../../forms/pointers.ts";
import { goTo } from "../../live/address.ts";
import { invalidate } from "../../live/query.ts";
import { apiClient } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import type { JobBody } from "./job_body.ts";

export interface Refusal {
  message: string;
  errors: FieldError[];
  /** Counts refusals: each moves the focus. */
  count: number;
}

/**
 * Sends a job, and goes to it. Every try of the same body has the same idempotency key: neither a double click nor a try
 * after an answer that got lost makes a second job.
 */
export function useSubmission() {
  const [busy, setBusy] = useState(false), [refusal, setRefusal] = useState<Refusal>();
  const sent = useRef<{ text: string; key: string }>(), running = useRef(false);
  const submit = async (body: JobBody) => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    const text = JSON.stringify(body);
    if (sent.current?.text !== text) sent.current = { text, key: keyOf() };
    try {
      const job = await apiClient().submit(body as unknown as Schemas["JobRequest"], sent.current.key);
      invalidate("jobs");
      toast("The job is queued", "good");
      goTo(`/jobs/${job.id}`);
    } catch (error) {
      const errors = error instanceof Refused ? error.problem?.errors ?? [] : [];
      const message = error instanceof TypeError
        ? "The server does not answer. Try again: it will not become two jobs."
        : (error as Error).message;
      setRefusal((before) => ({ message, errors, count: (before?.count ?? 0) + 1 }));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return { busy, refusal, submit, setRefusal };
}

/** `crypto.randomUUID` is for https and localhost alone. */
const keyOf = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join(
    "",
  );
