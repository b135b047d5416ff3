import { DatabaseSync } from "node:sqlite";
import { assertEquals, assertThrows } from "@std/assert";
import { COUNT_DATASETS, COUNT_JOBS } from "../../../src/store/sqlite_counts.ts";
import { selectEventsBefore } from "../../../src/store/sqlite_events.ts";
import { selectJobs } from "../../../src/store/sqlite_jobs.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aJob, storeContract } from "../../contract/store_contract.ts";

storeContract("openSqliteStore()", (path) => openSqliteStore(path));

Deno.test("openSqliteStore() refuses a file that another server holds", () => {
  const directory = Deno.makeTempDirSync(), path = `${directory}/latentd.sqlite`;
  const store = openSqliteStore(path);
  assertThrows(() => openSqliteStore(path), Error, "another process holds it");
  store.createJob(aJob());
  store.close();
  openSqliteStore(path).close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("openSqliteStore() refuses a database of a newer version, and leaves it as it is", () => {
  const directory = Deno.makeTempDirSync(), path = `${directory}/latentd.sqlite`;
  openSqliteStore(path).close();
  const db = new DatabaseSync(path);
  db.exec("PRAGMA user_version = 99");
  db.close();
  assertThrows(() => openSqliteStore(path), Error, "newer version");
  const again = new DatabaseSync(path);
  assertEquals({ ...again.prepare("PRAGMA user_version").get() }, { user_version: 99 });
  again.close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("openSqliteStore() counts jobs and datasets without a look at their rows", () => {
  const directory = Deno.makeTempDirSync(), path = `${directory}/latentd.sqlite`;
  openSqliteStore(path).close();
  const db = new DatabaseSync(path);
  const plans = [COUNT_JOBS, COUNT_DATASETS].map((sql) =>
    db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => detail)
  );
  assertEquals(plans, [
    ["SCAN jobs USING COVERING INDEX jobs_by_kind"],
    ["SCAN datasets USING COVERING INDEX datasets_by_status"],
  ]);
  db.close();
  Deno.removeSync(directory, { recursive: true });
});

Deno.test("openSqliteStore() lists jobs by an index, whatever they are filtered by, and sorts none", () => {
  const directory = Deno.makeTempDirSync(), path = `${directory}/latentd.sqlite`;
  openSqliteStore(path).close();
  const db = new DatabaseSync(path);
  const planOf = (sql: string) =>
    db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => String(detail));
  const kinds = [undefined, "knn"] as const, statuses = [undefined, "failed", ["queued", "running"]] as const;
  for (const kind of kinds) {
    for (const status of statuses) {
      for (const dataset of [undefined, "ds_1"]) {
        for (const after of [undefined, "job_1"]) {
          const filter = { kind, status, dataset }, plan = planOf(selectJobs(filter as never, after).sql);
          const steps = plan.filter((step) => /^(SCAN|SEARCH|USE)/.test(step));
          const isPlain = [kind, status, dataset, after].every((one) => one === undefined);
          const expected = isPlain ? /^SCAN jobs USING INDEX/ : /^SEARCH jobs USING INDEX/;
          assertEquals(
            steps.filter((step) => !expected.test(step)),
            [],
            JSON.stringify({ filter, after, plan }),
          );
        }
      }
    }
  }
  const told = planOf(selectEventsBefore(["status", "message"])), all = planOf(selectEventsBefore());
  assertEquals([told, all], [
    ["SEARCH events USING INDEX events_told (job=? AND seq<?)"],
    ["SEARCH events USING PRIMARY KEY (job=? AND seq<?)"],
  ]);
  db.close();
  Deno.removeSync(directory, { recursive: true });
});
