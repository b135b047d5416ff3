import type { DatabaseSync } from "node:sqlite";
import { EVENT_TYPES, type EventType, type JobEvent } from "../domain/job.ts";
import type { JobLog } from "../domain/job_log.ts";

interface Row {
  job: string;
  seq: number;
  type: EventType;
  data: string;
  created_at: string;
}

/** A job's events of some types, the last first; where its figures are not asked for, none of them is touched. */
export function selectEventsBefore(types: readonly EventType[] = EVENT_TYPES): string {
  const told = types.includes("metrics") ? "events" : "events INDEXED BY events_told";
  const apart = types.includes("metrics") ? "" : "AND type <> 'metrics' ";
  const wanted = types.map((type) => `'${type}'`);
  return `SELECT * FROM ${told} WHERE job = ? AND seq < ? ${apart}AND type IN (${wanted}) ORDER BY seq DESC LIMIT ?`;
}

/** Jobs' logs, kept in `db`. */
export function sqliteEvents(db: DatabaseSync, now: () => Date): JobLog {
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
    listEventsBefore(job, beforeSeq, limit, types) {
      const before = db.prepare(selectEventsBefore(types));
      return (before.all(job, beforeSeq, limit) as unknown as Row[]).map(toEvent);
    },
    listFigures(job, names, after, limit) {
      // One array a column: rows of their own would cost more than their figures.
      const gathered = ["seq", "created_at", ...names.map(() => "data -> ?")].map((value, i) =>
        `json_group_array(${value}) FILTER (WHERE type = 'metrics') AS c${i}`
      );
      const figures = db.prepare(
        `SELECT max(seq) AS last, ${gathered} FROM events WHERE job = ? AND seq > ? AND seq <= ?`,
      );
      const paths = names.map((name) => `$."${name}"`);
      const row = figures.get(...paths, job, after, after + limit) as Record<string, string | number | null>;
      const [seqs, told, ...columns] = gathered.map((_, i) => JSON.parse(row[`c${i}`] as string));
      return { lastSeq: row.last === null ? undefined : Number(row.last), seqs, told, columns };
    },
  };
}
