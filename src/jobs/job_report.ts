import { isEnded } from "../domain/job.ts";
import type { JobReport, Store } from "../domain/ports.ts";
import type { EventHub } from "./event_hub.ts";
import type { CheckpointRetention } from "./retention.ts";

/** Between two renewals of a lease: signs of life come every second, and each renewal waits for the disk. */
const RENEW_MS = 10_000;

/** An attempt at a job, as far as what is reported of it is concerned. */
export interface Reporting {
  id: string;
  /** Of the job's lease. */
  holder: string;
  /** Whether the runner has gone on: what is still reported then is dropped. */
  over: boolean;
}

/** The end of a lease that is good for so long from now. */
export const leaseUntil = (forMs: number): string => new Date(Date.now() + forMs).toISOString();

/** Keeps what the trainer tells of an attempt, and tells those who wait for it. */
export function reportOf(
  attempt: Reporting,
  { store, hub, retention }: { store: Store; hub: EventHub; retention: CheckpointRetention },
): JobReport {
  const { id, holder } = attempt;
  let renewed = -Infinity;
  const status = () => attempt.over ? undefined : store.getJob(id)?.status;
  /** Also while a paused job's worker is ending; but a cancelled one keeps its last event last. */
  const isLive = () => {
    const now = status();
    return now !== undefined && !isEnded(now);
  };
  return {
    alive: (forMs) => {
      if (status() !== "running" || performance.now() < renewed + RENEW_MS) return;
      renewed = performance.now();
      store.renewLease(id, { holder, until: leaseUntil(forMs) });
    },
    progress: (progress, metrics) => {
      if (status() !== "running") return;
      store.updateProgress(id, progress, metrics);
      hub.publish(id);
    },
    checkpoint: (checkpoint) => {
      try {
        if (!isLive()) return retention.discard(checkpoint.id);
        store.createCheckpoint(checkpoint);
      } catch (error) {
        retention.discard(checkpoint.id); // it will never be listed
        throw error;
      }
      retention.prune(id);
      hub.publish(id);
    },
    kept: () => {
      if (isLive()) store.forgetDeaths(id);
    },
    message: (level, text) => {
      if (!isLive()) return;
      store.appendEvent(id, "message", { level, text });
      hub.publish(id);
    },
  };
}
