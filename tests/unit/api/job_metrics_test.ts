import { assert, assertEquals } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { createApp } from "../../../src/api/app.ts";
import type { ApiDeps } from "../../../src/api/deps.ts";
import { listen } from "../../../src/api/listen.ts";
import { readColumns, thin } from "../../../src/api/metric_columns.ts";
import { openSqliteStore } from "../../../src/store/sqlite_store.ts";
import { aJob } from "../../contract/store_contract.ts";
import { problemOf, withApi } from "./api_scene.ts";

const PROGRESS = { step: 1, total_steps: 4, epoch: 0.25, images_per_s: 10, eta_s: 3 };

Deno.test("GET …/metrics?format=columns gives chosen columns of a stretch of steps, replaced steps once", () =>
  withApi(async ({ get, store, dataset }) => {
    const job = aJob({ dataset: dataset.id });
    store.createJob(job);
    store.claimJob();
    const told = (step: number, metrics: Record<string, number>) =>
      store.updateProgress(job.id, { ...PROGRESS, step }, metrics);
    for (const step of [10, 25, 40, 50]) told(step, { loss: 1, lr: step });
    store.moveJob(job.id, "queued"); // the worker died past its checkpoint of step 20
    store.claimJob();
    told(25, { loss: 2, knn_top1: 0.5 });
    for (const step of [45, 60]) told(step, { loss: 2, lr: step });
    const ask = async (query: string) => {
      const answer = await get(`/v1/jobs/${job.id}/metrics?${query}`);
      return answer.status === 200 ? await answer.json() : await problemOf(answer);
    };
    const { columns: { created_at, ...columns }, ...rest } = await ask("format=columns&columns=loss,lr");
    assertEquals([rest, created_at.length], [{ object: "metrics", rows: 4 }, 4]);
    assertEquals(columns, { step: [10, 25, 45, 60], loss: [1, 2, 2, 2], lr: [10, null, 45, 60] });
    const some = await ask("format=columns&columns=loss&after_step=10&before_step=60");
    assertEquals(some.columns.step, [25, 45]);
    assertEquals((await ask("format=columns&columns=knn_top1")).columns.step, [25]);
    assertEquals(Object.keys((await ask("format=columns")).columns).sort(), [
      ...["created_at", "epoch", "eta_s", "images_per_s", "knn_top1", "loss", "lr", "step"],
    ]);
    const { data } = await ask("columns=lr&points=2");
    assertEquals(data.map(({ step, lr }: { step: number; lr: number }) => [step, lr]), [[10, 10], [60, 60]]);
    const csv = await (await get(`/v1/jobs/${job.id}/metrics?format=csv&columns=lr&after_step=10`)).text();
    assertEquals(csv.split("\r\n").map((line) => line.split(",").slice(0, 2).join()), [
      ...["step,lr", "45,45", "60,60", ""],
    ]);
    const whole = await ask("after_step=25");
    assertEquals(whole.data.map((row: Record<string, number>) => [row.step, row.total_steps]), [
      [45, 4],
      [60, 4],
    ]);
    assertEquals(await ask("columns=loss,$.x"), [422, "invalid", "#/query/columns/1"]);
    assertEquals(await ask("points=1"), [422, "invalid", "#/query/points"]);
  }));

Deno.test("thin() keeps a curve's extremes, its ends and its order, in at most so many rows", () => {
  const length = 1001, steps = Array.from({ length }, (_, i) => i + 1);
  const loss = steps.map((step) => Math.sin(step / 7)), rare: (number | null)[] = steps.map(() => null);
  [loss[333], loss[700], rare[500]] = [9, -9, 0.25];
  const all = { step: steps, seq: steps, told: steps.map(String) };
  const thinned = thin({ ...all, figures: new Map(Object.entries({ loss, rare })) }, 101);
  const [kept, few] = ["loss", "rare"].map((name) => thinned.figures.get(name)!);
  assertEquals([thinned.step.length, kept.length, few.length], [100, 100, 100]);
  assertEquals([thinned.step[0], thinned.step.at(-1)], [1, length]);
  assertEquals(thinned.step, thinned.step.toSorted((a, b) => a - b));
  for (const extreme of [9, -9]) {
    const at = kept.indexOf(extreme);
    assert(Math.abs(thinned.step[at] - 1 - loss.indexOf(extreme)) <= 20, `${extreme} at ${thinned.step[at]}`);
  }
  assertEquals(few.filter((value) => value !== null), [0.25]);
  const flat = thin({ ...all, figures: new Map([["flat", steps.map(() => 3)]]) }, 10);
  assertEquals(flat.figures.get("flat"), Array(10).fill(3));
  assertEquals(thin({ ...all, figures: new Map() }, length).step.length, length);
});

Deno.test("a hundred thousand rows are read in slices between which others are answered", async () => {
  const directory = await Deno.makeTempDir(), path = `${directory}/latentd.sqlite`, job = aJob();
  const first = openSqliteStore(path), ROWS = 100_000;
  first.createJob(job);
  first.close();
  const db = new DatabaseSync(path);
  db.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
    INSERT INTO events SELECT '${job.id}', i + 1, 'metrics', json_object('step', i, 'loss', i / 8.0,
      'note', printf('%.500c', 'x')), '2026-01-01T00:00:00.000Z' FROM n`);
  db.close();
  const store = openSqliteStore(path);
  const server = await listen(() => new Response("here"), {
    hostname: "127.0.0.1",
    port: 0,
    headersMs: 10_000,
  });
  let answers = 0, isRead = false;
  const others = (async () => {
    while (!isRead) {
      await (await fetch(server.url)).text();
      answers++;
    }
  })();
  const rows = await readColumns(store, job.id, ["loss"]), answered = answers;
  isRead = true;
  await others;
  await server.close(1000);
  assertEquals([rows.step.length, rows.step.at(-1), rows.figures.get("loss")!.at(-1)], [
    ROWS,
    ROWS,
    ROWS / 8,
  ]);
  // A timer had its turns where the network had none: an answer takes several.
  assert(answered >= 4, `others had ${answered} answers`);
  assertEquals(thin(rows, 2000).step.length, 2000);
  store.close();
  await Deno.remove(directory, { recursive: true });
});

Deno.test("rows that nobody waits for any more are not read on, and nothing is said of it", async () => {
  const job = aJob(), begun = Promise.withResolvers<void>(), log = console.error, said: unknown[] = [];
  let slices = 0;
  const store = {
    getJob: () => job,
    listFigures: (_job: string, names: string[], after: number) => {
      if (++slices === 10) begun.resolve();
      return { lastSeq: after + 1, seqs: [after + 1], told: [""], columns: names.map(() => [after]) }; // without an end
    },
  };
  const app = createApp({ store, limits: {} } as unknown as ApiDeps);
  const server = await listen(app.fetch, { hostname: "127.0.0.1", port: 0, headersMs: 10_000 });
  console.error = (...line) => said.push(line);
  try {
    const stop = new AbortController();
    const asked = fetch(`${server.url}/v1/jobs/${job.id}/metrics?columns=loss`, { signal: stop.signal });
    await begun.promise;
    stop.abort();
    await asked.catch(() => {});
    let before: number;
    do {
      before = slices;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } while (slices > before);
    assertEquals(said, []);
  } finally {
    console.error = log;
    await server.close(1000);
  }
});
