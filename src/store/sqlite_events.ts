import type { DatabaseSync } from "node:sqlite";
import type { EventType, JobEvent } from "../domain/job.ts";

interface Row {
  job: string;
  seq: number;
  type: EventType;
  data: string;
  created_at: string;
}

/** Jobs' logs, kept in `db`. */
export function sqliteEvents(db: DatabaseSync, now: () => Date) {
  const insert = db.prepare(
    `INSERT INTO events (job, seq, type, data, created_at)
     VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM events WHERE job = ?1), ?2, ?3, ?4) RETURNING *`,
  );
  const list = db.prepare("SELECT * FROM events WHERE job = ? AND seq > ? ORDER BY seq LIMIT ?");
  const toEvent = ({ seq, job, type, data, created_at }: Row): JobEvent => ({
    ...{ seq, job, type, data: JSON.parse(data), created_at },
  });
  return {
    /** One statement, hence atomic; inside a transaction it shares that one's fate. */
    appendEvent(job: string, type: EventType, data: Record<string, unknown>): JobEvent {
      return toEvent(insert.get(job, type, JSON.stringify(data), now().toISOString()) as unknown as Row);
    },
    listEvents(job: string, afterSeq: number, limit: number): JobEvent[] {
      return (list.all(job, afterSeq, limit) as unknown as Row[]).map(toEvent);
    },
  };
}
