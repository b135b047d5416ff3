import type { EventType, JobEvent } from "./job.ts";

/** Jobs' events: each log only grows, and is read from either end. */
export interface JobLog {
  appendEvent(job: string, type: EventType, data: Record<string, unknown>): JobEvent;
  listEvents(job: string, afterSeq: number, limit: number): JobEvent[];
  /** A job's events before one, the last first; of these types alone, where some are named. */
  listEventsBefore(job: string, beforeSeq: number, limit: number, types?: readonly EventType[]): JobEvent[];
  /**
   * Figures that the `limit` events behind the one of seq `after` have told, and when, without the events themselves.
   *
   * @returns A column for each name, with null where an event lacks it. `lastSeq` is the last event that was looked at, of
   *   whatever type; undefined where there is none behind `after`.
   */
  listFigures(job: string, names: readonly string[], after: number, limit: number): Figures;
}
/** Entry i of each list is of one event. */
export interface Figures {
  lastSeq: number | undefined;
  seqs: number[];
  /** RFC 3339. */
  told: string[];
  columns: (number | null)[][];
}
