import { signal } from "@preact/signals";
import { invalidate, setQueryData } from "../../live/query.ts";
import { calls, dataOf } from "../../live/session.ts";
import { toast } from "../../live/toasts.ts";
import { hasEnded, type Job } from "./job_filter.ts";

export type Verb = "pause" | "resume" | "cancel";
const BECOMES: Record<Verb, Job["status"]> = { pause: "paused", resume: "queued", cancel: "cancelled" };
const SAID: Record<Verb, string> = { pause: "Paused", resume: "Resumed", cancel: "Cancelled" };

/** What can be done to a job now. */
export function verbsFor({ status }: Pick<Job, "status">): Verb[] {
  if (hasEnded({ status })) return [];
  return status === "paused" ? ["resume", "cancel"] : ["pause", "cancel"];
}

/** Statuses that jobs are about to have, shown before the server says so; `answered`: it has, and its list is yet to. */
const expected = signal<ReadonlyMap<string, { status: Job["status"]; answered: boolean }>>(new Map());
/** The job whose cancelling is to be confirmed. */
export const cancelling = signal<Job | undefined>(undefined);

/** A job's status as it is, or as it is about to be. */
export const statusOf = ({ id, status }: Job): Job["status"] => expected.value.get(id)?.status ?? status;
/** Whether the server has yet to say that it was done. */
export const isBusy = ({ id }: Job): boolean => expected.value.get(id)?.answered === false;

const expect = (id: string, value?: { status: Job["status"]; answered: boolean }) => {
  const next = new Map(expected.value);
  if (value) next.set(id, value);
  else next.delete(id);
  expected.value = next;
};

/** Told by whoever has fetched jobs: what they say is newer than what was expected of them, once that was answered. */
export function settle(jobs: readonly Job[]): void {
  for (const { id } of jobs) if (expected.peek().get(id)?.answered) expect(id);
}

/** Has a job paused, resumed or cancelled; shown at once, and taken back if the server refuses. */
export async function act(job: Job, verb: Verb): Promise<void> {
  const { id } = job;
  expect(id, { status: BECOMES[verb], answered: false });
  try {
    const params = { path: { id } };
    const answer = await dataOf(
      verb === "pause"
        ? calls().POST("/v1/jobs/{id}/pause", { params })
        : verb === "resume"
        ? calls().POST("/v1/jobs/{id}/resume", { params })
        : calls().POST("/v1/jobs/{id}/cancel", { params }),
    );
    expect(id, { status: answer.status, answered: true });
    setQueryData(`job:${id}`, answer);
    toast(SAID[verb], "good");
  } catch (error) {
    expect(id);
    toast(`Could not ${verb} the job: ${(error as Error).message}`, "bad");
  }
  invalidate("jobs");
  invalidate(`job:${id}`);
}
