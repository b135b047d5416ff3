import { isEnded, type Job } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";

/**
 * A job over which its worker, or the server, has died this often without a checkpoint of a new step in between is not
 * tried again: it is likely to be what kills them. A job that gets further each time may take as many attempts as it
 * likes; one that is paused, or stopped in order, loses none.
 */
export const MAX_ATTEMPTS = 3;
/**
 * Puts back into the queue what is `running` by somebody else's lease, or fails it if it has had its attempts. One server
 * holds the store alone, so whoever has such a lease is dead, however long it still lasts.
 *
 * @param holder Of the one lease that is good: of an attempt that is under way here.
 * @returns Those that failed.
 */
export function recoverRunningJobs(store: Store, holder?: string): Job[] {
  const failed: Job[] = [];
  for (;;) {
    const running = store.listJobs({ status: "running" }, { limit: 100 }).data;
    const data = running.filter(({ id }) => holder === undefined || store.getLease(id)?.holder !== holder);
    if (data.length === 0) return failed;
    for (const { id } of data) {
      const job = requeueOrFail(store, id, "the server ended while the job ran");
      if (isEnded(job.status)) failed.push(job);
    }
  }
}

/** After a death: back into the queue, or failed if it was the last that the job may have. */
export function requeueOrFail(store: Store, id: string, reason: string, code = "attempts_exhausted"): Job {
  const deaths = store.getDeaths(id) + 1;
  if (deaths < MAX_ATTEMPTS) return store.moveJob(id, "queued", { deaths });
  const message = `Cannot get further with the job in ${deaths} attempts: ${reason}`;
  return store.moveJob(id, "failed", { deaths, error: { code, message } });
}
