import { type Job, STORAGE_FULL } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";
import { log } from "../log/log.ts";

/** How often the disk is asked for room: seldom enough to cost nothing, often enough to go on unattended. */
const CHECK_MS = 5000;
/** On top of a checkpoint like the last one: what the database and its log grow by meanwhile. */
const MARGIN_BYTES = 2 ** 20;
/** Between two tries of a job that made no checkpoint in the first: each costs the steps up to where it failed. */
const LONGEST_WAIT_MS = 600_000;

interface Try {
  /** The job's newest checkpoint at the time. */
  newest: string | undefined;
  at: number;
  waitMs: number;
}

/** Lets jobs that a full disk has paused go on when there is room; those that a user has paused are left alone. */
export class StorageWatch {
  #store: Store;
  #hasRoom: (bytes: number) => Promise<boolean>;
  #resume: (job: string) => unknown;
  #everyMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #checking = false;
  #tries = new Map<string, Try>();

  constructor({ store, resume, hasRoom = () => Promise.resolve(true), everyMs = CHECK_MS }: {
    store: Store;
    resume: (job: string) => unknown;
    hasRoom?: (bytes: number) => Promise<boolean>;
    everyMs?: number;
  }) {
    this.#store = store;
    this.#resume = resume;
    this.#hasRoom = hasRoom;
    this.#everyMs = everyMs;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#check(), this.#everyMs);
  }
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #check(): Promise<void> {
    if (this.#checking) return; // a disk that answers slowly is not asked twice at once
    this.#checking = true;
    try {
      for (const job of this.#waiting()) {
        const newest = this.#store.listLatestFirst(job.id)[0];
        const before = this.#tries.get(job.id), now = performance.now();
        const again = before !== undefined && before.newest === newest?.id;
        if (again && now < before.at + before.waitMs) continue;
        const bytes = (newest?.files ?? []).reduce((sum, file) => sum + file.bytes, 0);
        if (!await this.#hasRoom(bytes + MARGIN_BYTES) || this.#timer === undefined) continue;
        // Its user may have done something with it meanwhile.
        if (this.#store.getJob(job.id)?.error?.code !== STORAGE_FULL) continue;
        const waitMs = again ? Math.min(2 * before.waitMs, LONGEST_WAIT_MS) : this.#everyMs;
        this.#tries.set(job.id, { newest: newest?.id, at: now, waitMs });
        this.#resume(job.id);
      }
    } catch (error) {
      log.error("Cannot see whether there is room for jobs again", error);
    } finally {
      this.#checking = false;
    }
  }

  /** Oldest first, as they are queued. */
  #waiting(): Job[] {
    const jobs: Job[] = [];
    let after: string | undefined;
    for (;;) {
      const { data, has_more } = this.#store.listJobs({ status: "paused" }, { after, limit: 1000 });
      jobs.push(...data.filter(({ error }) => error?.code === STORAGE_FULL));
      if (!has_more) return jobs.reverse();
      after = data.at(-1)!.id;
    }
  }
}
