import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  configureLog,
  type Level,
  log,
  type LogFormat,
  passOn,
  withLogFields,
} from "../../../src/log/log.ts";

const JOB = "job_01ARZ3NDEKTSV4RRFFQ69G5FAV", DATASET = "ds_01ARZ3NDEKTSV4RRFFQ69G5FAV";

/** What is written meanwhile, and to which stream. */
async function written(
  format: LogFormat,
  level: Level,
  act: () => unknown,
): Promise<[stream: "out" | "err", line: string][]> {
  const { log: out, error: err } = console, lines: ["out" | "err", string][] = [];
  console.log = (line: string) => lines.push(["out", line]);
  console.error = (line: string) => lines.push(["err", line]);
  configureLog({ format, level });
  try {
    await act();
  } finally {
    Object.assign(console, { log: out, error: err });
    configureLog({ format: "text", level: "info" });
  }
  return lines;
}

Deno.test("log writes an object a line, with time, level, and the ids that it is about", async () => {
  const lines = await written("json", "info", async () => {
    log.debug("left out");
    log.info("one");
    await withLogFields({ request_id: "r1" }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 1));
      withLogFields({ job: JOB }, () => log.warn("two\nlines", undefined, { n: 2 }));
      log.error(`Cannot finish ${JOB} of ${DATASET}`, new TypeError("why", { cause: "because" }));
    });
    log.error("none of it holds", "a string");
  });
  const parsed = lines.map(([stream, line]) => ({ stream, ...JSON.parse(line) }));
  assertEquals(parsed.map(({ stream, level }) => [stream, level]), [
    ...[["out", "info"], ["err", "warn"], ["err", "error"], ["err", "error"]],
  ]);
  for (const { time } of parsed) {
    assert(Math.abs(Date.now() - Date.parse(time)) < 10_000 && time.endsWith("Z"));
  }
  const [one, two, three, four] = parsed;
  assertEquals([one.message, one.request_id], ["one", undefined]);
  assertEquals([two.message, two.request_id, two.job, two.n], ["two\nlines", "r1", JOB, 2]);
  assertEquals([three.request_id, three.job, three.dataset], ["r1", JOB, DATASET]);
  assertEquals([three.error.name, three.error.message], ["TypeError", "why"]);
  assertMatch(three.error.stack, /log_test/);
  assertEquals(four.error, "'a string'");
});

Deno.test("log writes text that says each thing once", async () => {
  const lines = await written("text", "info", () => {
    log.info("train worker 7 is ready on llvmpipe", { worker: "train", pid: 7, adapter: "llvmpipe" });
    log.info("latentd listening on http://127.0.0.1:1");
    withLogFields({ request_id: "r1", job: JOB }, () => log.warn(`Cannot keep ${JOB}`));
    log.error("It broke", new Error("why"));
  });
  assertEquals(lines.slice(0, 3), [
    ["out", "train worker 7 is ready on llvmpipe"],
    ["out", "latentd listening on http://127.0.0.1:1"],
    ["err", `Cannot keep ${JOB} (request_id=r1)`],
  ]);
  assertMatch(lines[3][1], /^It broke: Error: why\n {4}at /);
});

Deno.test("passOn() keeps a child's level, time and ids, and takes what is no log for a warning", async () => {
  const told = JSON.stringify({
    time: "2026-01-01T00:00:00.000Z",
    level: "error",
    message: "lost",
    job: JOB,
  });
  const act = () => {
    passOn("train", told);
    passOn("train", "MESA: warning");
    passOn("train", '{"level":"loud","message":"x"}');
    passOn(
      "train",
      JSON.stringify({ level: "info", message: "m", error: { stack: "Error: why\n    at x" } }),
    );
  };
  const parsed = (await written("json", "info", act)).map(([, line]) => JSON.parse(line));
  assertEquals(parsed[0], {
    ...{ time: "2026-01-01T00:00:00.000Z", level: "error", message: "lost", job: JOB, worker: "train" },
  });
  assertEquals(parsed.map(({ level, worker }) => [level, worker]), [
    ...[["error", "train"], ["warn", "train"], ["warn", "train"], ["info", "train"]],
  ]);
  assertEquals((await written("text", "warn", act)).map(([, line]) => line), [
    `[train] lost (job=${JOB})`,
    "[train] MESA: warning",
    '[train] {"level":"loud","message":"x"}',
  ]);
  assertEquals((await written("text", "info", act)).at(-1), ["out", "[train] m: Error: why\n    at x"]);
});

Deno.test("no key gets into a log, wherever it stands", async () => {
  const key = `lat_${"Ab-_9".repeat(9).slice(0, 43)}`;
  for (const format of ["text", "json"] as const) {
    const lines = await written(format, "debug", () => {
      log.info(`GET /v1/jobs/${key}`);
      log.error("It broke", new Error(`Bearer ${key}`, { cause: { key } }), { key });
      passOn("train", key);
    });
    assertEquals(lines.length, 3);
    assertEquals(lines.filter(([, line]) => line.includes(key) || line.includes(key.slice(4))), []);
    assertEquals(lines.filter(([, line]) => !line.includes("lat_…")), []);
  }
});
