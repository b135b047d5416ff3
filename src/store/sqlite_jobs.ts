import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { DomainError } from "../domain/errors.ts";
import {
  checkTransition,
  type EventType,
  isEnded,
  type Job,
  type JobEvent,
  type JobStatus,
} from "../domain/job.ts";
import type { Lease, Store } from "../domain/ports.ts";
import { cut } from "./page.ts";
import { transact } from "./transact.ts";

type Row =
  & Record<"config" | "metadata", string>
  & {
    [K in "given" | "progress" | "metrics" | "result" | "error" | "started_at" | "finished_at"]:
      | string
      | null;
  }
  & Pick<Job, "id" | "kind" | "status" | "dataset" | "attempt" | "created_at">;

const parse = (json: string | null) => json === null ? null : JSON.parse(json);
const stringify = (value: unknown) => value === null || value === undefined ? null : JSON.stringify(value);

const toJob = (row: Row): Job => ({
  id: row.id,
  object: "job",
  kind: row.kind,
  status: row.status,
  dataset: row.dataset,
  config: JSON.parse(row.config),
  given: parse(row.given),
  metadata: JSON.parse(row.metadata),
  progress: parse(row.progress),
  metrics: parse(row.metrics),
  result: parse(row.result),
  attempt: row.attempt,
  ...(row.error === null ? {} : { error: JSON.parse(row.error) }),
  created_at: row.created_at,
  started_at: row.started_at,
  finished_at: row.finished_at,
});

/**
 * Jobs, newest first, by an index whatever the filter: of several states each is a list of its own, and SQLite merges them.
 *
 * @returns The statement's last parameter, behind `values`, is how many.
 */
export function selectJobs(
  { kind, status, dataset }: Parameters<Store["listJobs"]>[0],
  after?: string,
): { sql: string; values: string[] } {
  const states = status === undefined ? [undefined] : [...new Set([status].flat())].sort();
  const lists = states.map((state) => {
    const wanted = Object.entries({ kind, status: state, dataset, id: after }).filter(([, value]) => value);
    const terms = wanted.map(([name]) => name === "id" ? "id < ?" : `${name} = ?`).join(" AND ");
    return {
      sql: `SELECT * FROM jobs${terms && ` WHERE ${terms}`}`,
      values: wanted.map(([, value]) => value!),
    };
  });
  return {
    sql: `${lists.map(({ sql }) => sql).join(" UNION ALL ")} ORDER BY id DESC LIMIT ?`,
    values: lists.flatMap(({ values }) => values),
  };
}

/** The store's jobs and idempotency keys, kept in `db`; every change of state is one transaction with its event. */
export function sqliteJobs(
  db: DatabaseSync,
  appendEvent: (job: string, type: EventType, data: Record<string, unknown>) => JobEvent,
  now: () => Date,
): Pick<
  Store,
  | "createJob"
  | "getIdempotent"
  | "findSent"
  | "getJob"
  | "listJobs"
  | "listEvaluations"
  | "claimJob"
  | "renewLease"
  | "getLease"
  | "moveJob"
  | "getDeaths"
  | "forgetDeaths"
  | "updateProgress"
> {
  const insert = db.prepare(
    `INSERT INTO jobs (id, kind, status, dataset, config, metadata, progress, metrics, result, attempt, error,
       created_at, started_at, finished_at, given, fingerprint)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const keep = db.prepare("INSERT INTO idempotency_keys (key, fingerprint, job) VALUES (?, ?, ?)");
  const kept = db.prepare("SELECT job, fingerprint FROM idempotency_keys WHERE key = ?");
  const sent = db.prepare(
    "SELECT * FROM jobs WHERE fingerprint = ? AND created_at BETWEEN ? AND ? ORDER BY n DESC LIMIT 1",
  );
  const get = db.prepare("SELECT * FROM jobs WHERE id = ?");
  const lists = new Map<string, StatementSync>();
  const judging = db.prepare("SELECT * FROM jobs WHERE judged = ? AND status = 'succeeded' ORDER BY n DESC");
  const oldest = db.prepare("SELECT id FROM jobs WHERE status = 'queued' ORDER BY n LIMIT 1");
  const move = db.prepare(
    `UPDATE jobs SET status = ?, attempt = ?, deaths = coalesce(?, deaths), result = ?, error = ?,
       started_at = ?, finished_at = ?, lease_holder = ?, lease_until = ? WHERE id = ? RETURNING *`,
  );
  const renew = db.prepare(
    "UPDATE jobs SET lease_until = ? WHERE id = ? AND status = 'running' AND lease_holder = ?",
  );
  const lease = db.prepare(
    "SELECT lease_holder AS holder, lease_until AS until FROM jobs WHERE id = ? AND lease_holder IS NOT NULL",
  );
  const deaths = db.prepare("SELECT deaths FROM jobs WHERE id = ?");
  const forget = db.prepare("UPDATE jobs SET deaths = 0 WHERE id = ? AND deaths > 0");
  // What is found out now and then, such as accuracy, outlives the rows that do not tell it.
  const progressed = db.prepare(
    "UPDATE jobs SET progress = ?, metrics = json_patch(coalesce(metrics, '{}'), ?) WHERE id = ?",
  );

  function getJob(id: string): Job | undefined {
    const row = get.get(id) as unknown as Row | undefined;
    return row && toJob(row);
  }
  function existing(id: string): Job {
    const job = getJob(id);
    if (!job) throw new DomainError("not_found", `Cannot find job ${id}: there is none`);
    return job;
  }
  /** Only inside a transaction. */
  function moveInTransaction(
    id: string,
    to: JobStatus,
    more: Parameters<Store["moveJob"]>[2] & { lease?: Lease } = {},
  ): Job {
    const job = existing(id), at = now().toISOString();
    checkTransition(id, job.status, to);
    const values: SQLInputValue[] = [
      to,
      more.attempt ?? job.attempt + (to === "running" ? 1 : 0),
      more.deaths ?? null,
      stringify(more.result),
      stringify(more.error),
      to === "running" ? job.started_at ?? at : job.started_at,
      isEnded(to) ? at : null,
      ...[more.lease?.holder ?? null, more.lease?.until ?? null],
      id,
    ];
    const moved = toJob(move.get(...values) as unknown as Row);
    const { status, attempt, error } = moved;
    appendEvent(id, "status", { status, attempt, ...(error ? { error } : {}) });
    return moved;
  }

  return {
    createJob(job, how) {
      transact(db, () => {
        insert.run(
          ...[job.id, job.kind, job.status, job.dataset, JSON.stringify(job.config)],
          ...[JSON.stringify(job.metadata), stringify(job.progress), stringify(job.metrics)],
          ...[stringify(job.result), job.attempt, stringify(job.error)],
          ...[job.created_at, job.started_at, job.finished_at, stringify(job.given)],
          how && how.key === undefined ? how.fingerprint : null,
        );
        if (how?.key !== undefined) keep.run(how.key, how.fingerprint, job.id);
        appendEvent(job.id, "status", { status: job.status, attempt: job.attempt });
      });
    },
    getIdempotent: (key) => kept.get(key) as { job: string; fingerprint: string } | undefined,
    findSent(fingerprint, from, to) {
      const row = sent.get(fingerprint, from, to) as unknown as Row | undefined;
      return row && toJob(row);
    },
    getJob,
    listJobs(filter, { after, limit }) {
      const { sql, values } = selectJobs(filter, after);
      const list = lists.get(sql) ?? db.prepare(sql);
      lists.set(sql, list);
      return cut((list.all(...values, limit + 1) as unknown as Row[]).map(toJob), limit);
    },
    listEvaluations: (checkpoint) => (judging.all(checkpoint) as unknown as Row[]).map(toJob),
    claimJob: (lease) =>
      transact(db, () => {
        const next = oldest.get() as { id: string } | undefined;
        return next && moveInTransaction(next.id, "running", { lease });
      }),
    renewLease: (id, { holder, until }) => renew.run(until, id, holder).changes > 0,
    getLease(id) {
      const row = lease.get(id) as unknown as Lease | undefined;
      return row && { ...row };
    },
    moveJob: (id, to, more) => transact(db, () => moveInTransaction(id, to, more)),
    getDeaths: (id) => (deaths.get(id) as { deaths: number } | undefined)?.deaths ?? 0,
    forgetDeaths: (id) => void forget.run(id),
    updateProgress(id, progress, metrics) {
      transact(db, () => {
        existing(id);
        progressed.run(JSON.stringify(progress), JSON.stringify(metrics), id);
        appendEvent(id, "metrics", { ...progress, ...metrics });
      });
    },
  };
}
