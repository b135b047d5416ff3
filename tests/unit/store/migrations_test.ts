// Databases that earlier versions made (tests/golden/make_databases.ts) are opened by this one.
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CheckpointSchema, DatasetSchema, JobSchema } from "../../../src/api/schemas.ts";
import { KnnConfig } from "../../../src/domain/knn.ts";
import type { Store } from "../../../src/domain/ports.ts";
import { PretrainRequest } from "../../../src/domain/pretrain.ts";
import { recoverRunningJobs } from "../../../src/jobs/attempts.ts";
import { resolvePretrainConfig } from "../../../src/jobs/resolve_config.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";

const path = (relative: string) => fromFileUrl(new URL(`../../../${relative}`, import.meta.url));
const LATEST = [...Deno.readDirSync(path("src/store/migrations"))].length;
const fixtures = [...Deno.readDirSync(path("tests/golden"))]
  .flatMap(({ name }) => name.match(/^latentd_v(\d+)\.sqlite$/)?.[1] ?? []).map(Number).sort((a, b) => a - b);
const ALL = { limit: 1000 };

type Rows = Record<string, Record<string, unknown>[]>;
/** Every row of every table, past the store. */
function rowsOf(file: string): { version: number; rows: Rows } {
  const db = new DatabaseSync(file);
  const tables = db.prepare(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  const rows = Object.fromEntries((tables.all() as { name: string }[]).map(({ name }) => [
    name,
    db.prepare(`SELECT * FROM "${name}" ORDER BY 1, 2`).all().map((row) => ({ ...row })),
  ]));
  const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
  db.close();
  return { version, rows };
}

Deno.test("there is a database of every earlier version", () => {
  assert(LATEST >= 3, `only ${LATEST} migrations were found: is this test looking at them?`);
  const earlier = Array.from({ length: LATEST - 1 }, (_, i) => i + 1);
  assertEquals(earlier.filter((version) => !fixtures.includes(version)), []);
});

for (const version of fixtures) {
  const scene = (check: (file: string, before: Rows) => void) => () => {
    const directory = Deno.makeTempDirSync(), file = `${directory}/latentd.sqlite`;
    Deno.copyFileSync(path(`tests/golden/latentd_v${version}.sqlite`), file);
    const before = rowsOf(file);
    assertEquals(before.version, version);
    try {
      check(file, before.rows);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  };
  const using = (file: string, use: (store: Store) => void) => {
    const store = openSqliteStore(file);
    try {
      use(store);
    } finally {
      store.close();
    }
  };

  Deno.test(
    `a database of version ${version} keeps every row and value when it is opened`,
    scene((file, before) => {
      for (let time = 0; time < 2; time++) { // the second changes nothing more
        openSqliteStore(file).close();
        const after = rowsOf(file);
        assertEquals(after.version, LATEST);
        for (const [table, rows] of Object.entries(before)) {
          assert(rows.length > 0, `the fixture has nothing in ${table}`);
          const columns = Object.keys(rows[0]);
          const known = after.rows[table].map((row) =>
            Object.fromEntries(columns.map((name) => [name, row[name]]))
          );
          assertEquals(known, rows);
        }
      }
    }),
  );

  Deno.test(
    `every row of a database of version ${version} is shown as the API promises`,
    scene((file, before) =>
      using(file, (store) => {
        const datasets = store.listDatasets(ALL).data, jobs = store.listJobs({}, ALL).data;
        const checkpoints = store.listCheckpoints({}, ALL).data;
        assertEquals(
          [datasets, jobs, checkpoints, store.listAliases()].map((rows) => rows.length),
          ["datasets", "jobs", "checkpoints", "aliases"].map((table) => before[table].length),
        );
        for (const dataset of datasets) DatasetSchema.parse(dataset);
        for (const job of jobs) JobSchema.parse(job);
        for (const checkpoint of checkpoints) CheckpointSchema.parse(checkpoint);
        for (const { alias, checkpoint } of store.listAliases()) {
          assertEquals([store.getAlias(alias), store.getCheckpoint(checkpoint)?.id], [
            checkpoint,
            checkpoint,
          ]);
        }
        for (const { key, job, fingerprint } of before.idempotency_keys) {
          assertEquals({ ...store.getIdempotent(key as string) }, { job, fingerprint });
        }
      })
    ),
  );

  Deno.test(
    `jobs of a database of version ${version} go on: what waited, in its order, and what was running`,
    scene((file, before) =>
      using(file, (store) => {
        const [waiting, running] = ["queued", "running"].map((status) =>
          before.jobs.filter((job) => job.status === status).map(({ id }) => id)
        );
        assert(waiting.length >= 2 && running.length === 1);
        assertEquals(recoverRunningJobs(store), []);
        const claimed = [];
        for (let job; (job = store.claimJob());) {
          claimed.push(job.id);
          if (job.kind === "knn") KnnConfig.parse(job.config);
          else {
            const resolved = resolvePretrainConfig(
              PretrainRequest.parse(job.config),
              store.getDataset(job.dataset)!,
            );
            assertEquals([resolved.total_steps, resolved.arch], [20, "cifar_resnet8"]);
          }
          store.moveJob(job.id, "succeeded", { result: { checkpoint: null } });
        }
        assertEquals(claimed, [...running, ...waiting]);
      })
    ),
  );

  Deno.test(
    `events of a database of version ${version} go on without a gap`,
    scene((file, before) =>
      using(file, (store) => {
        for (const id of before.jobs.map((job) => job.id as string)) {
          const seqs = store.listEvents(id, 0, 1000).map(({ seq }) => seq);
          assertEquals(seqs, seqs.map((_, i) => i + 1));
          assertEquals(store.appendEvent(id, "message", { text: "on" }).seq, seqs.length + 1);
          assertEquals(store.listEvents(id, seqs.length, 10).map(({ data }) => data), [{ text: "on" }]);
        }
      })
    ),
  );
}
