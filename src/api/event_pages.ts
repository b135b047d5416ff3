import { isEnded, type JobEvent } from "../domain/job.ts";
import type { Store } from "../domain/ports.ts";
import type { ApiDeps } from "./deps.ts";

/** Events a page. */
const PAGE = 100;
/** Pages kept a job: those that most of its streams are at. */
const MAX_PAGES = 16;
/** How old a page's end may be: what the hub did not tell of is found this late. */
const STALE_MS = 1000;

/** A stretch of a job's log as server-sent events. */
export interface EventPage {
  bytes: Uint8Array;
  lastSeq: number;
}

/** What is known of a job that somebody follows; read anew once the job has changed. */
interface Followed {
  listeners: Set<() => void>;
  unsubscribe: () => void;
  since: number;
  over: boolean;
  pages: Map<number, EventPage | undefined>;
}

/**
 * Jobs' logs, read once for all who follow: by themselves 500 streams would ask the database 2,000 times about each event,
 * while nobody else is answered.
 */
export class EventPages {
  readonly #followed = new Map<string, Followed>();
  readonly #encoder = new TextEncoder();

  constructor(
    private readonly store: Pick<Store, "getJob" | "listEvents">,
    private readonly hub: ApiDeps["hub"],
    private readonly staleMs: number = STALE_MS,
  ) {}

  /** Calls `listener` when there may be more of the job's log. @returns What ends that, and must be called. */
  follow(job: string, listener: () => void): () => void {
    const followed = this.#followed.get(job) ?? this.#begin(job);
    followed.listeners.add(listener);
    return () => {
      followed.listeners.delete(listener);
      if (followed.listeners.size > 0 || this.#followed.get(job) !== followed) return;
      followed.unsubscribe();
      this.#followed.delete(job);
    };
  }

  /**
   * What comes after an event of a job that is followed, and whether the job was over before that was read: then there is
   * no more than this.
   */
  read(job: string, afterSeq: number): { page: EventPage | undefined; over: boolean } {
    const followed = this.#followed.get(job)!;
    if (performance.now() - followed.since > this.staleMs) this.#renew(job, followed);
    const { pages, over } = followed;
    if (!pages.has(afterSeq)) {
      if (pages.size >= MAX_PAGES) pages.delete(pages.keys().next().value!);
      pages.set(afterSeq, this.#encode(this.store.listEvents(job, afterSeq, PAGE)));
    }
    return { page: pages.get(afterSeq), over };
  }

  #begin(job: string): Followed {
    const followed: Followed = {
      ...{ listeners: new Set(), since: 0, over: false, pages: new Map() },
      unsubscribe: this.hub.subscribe(job, () => {
        this.#renew(job, followed);
        for (const listener of [...followed.listeners]) listener();
      }),
    };
    this.#followed.set(job, followed);
    this.#renew(job, followed);
    return followed;
  }

  /** Whether it is over is asked before any page is read: what is over writes no more. */
  #renew(job: string, followed: Followed): void {
    followed.pages.clear();
    const { status } = this.store.getJob(job) ?? {};
    followed.over = status === undefined || isEnded(status);
    followed.since = performance.now();
  }

  #encode(events: JobEvent[]): EventPage | undefined {
    if (events.length === 0) return undefined;
    const text = events.map((e) => `id: ${e.seq}\nevent: ${e.type}\ndata: ${JSON.stringify(e)}\n\n`).join("");
    return { bytes: this.#encoder.encode(text), lastSeq: events.at(-1)!.seq };
  }
}
