import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { JobStopped } from "../../../src/domain/job.ts";
import { KnnConfig } from "../../../src/domain/knn.ts";
import type { JobReport } from "../../../src/domain/ports.ts";
import { ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { type Patience, Silence } from "../../../src/supervisor/silence.ts";
import { TrainingClient } from "../../../src/supervisor/training_client.ts";
import { isAlive } from "../../e2e/server.ts";

const FAKE = fromFileUrl(new URL("./fake_worker.ts", import.meta.url));
const taskOf = (job: string) => ({
  ...{ job, dataset: "ds_x", fingerprint: "", resume: [] },
  work: {
    kind: "knn" as const,
    config: KnnConfig.parse({ checkpoint: "ckpt_x" }),
  },
});
/** A client of a real child that does as the job's name says. */
async function withClient(
  patience: Patience | undefined,
  letGoMs: number | undefined,
  use: (
    run: (job: string, signal?: AbortSignal, report?: Partial<JobReport>) => Promise<Record<string, unknown>>,
  ) => Promise<void>,
): Promise<void> {
  const { log, error } = console;
  console.log = console.error = () => {};
  const child = new ChildProcess({
    name: "fake",
    program: Deno.execPath(),
    args: ["run", "--quiet", "--allow-env", "--allow-run", FAKE],
  });
  const client = new TrainingClient(child, patience, letGoMs), nothing = () => {};
  const report = { alive: nothing, progress: nothing, checkpoint: nothing, kept: nothing, message: nothing };
  try {
    await use(
      (job, signal = new AbortController().signal, more) =>
        client.run(taskOf(job), { ...report, ...more }, signal),
    );
  } finally {
    await child.close();
    Object.assign(console, { log, error });
  }
}

Deno.test("a worker that is silent for too long is killed; its job dies by it, and the next gets another", () =>
  withClient({ firstMs: 1000, leastMs: 1000, times: 0 }, undefined, async (run) => {
    const { pid } = await run("x"), bounds: number[] = [];
    await assertRejects(
      () => run("spin", undefined, { alive: (forMs) => bounds.push(forMs) }),
      WorkerDied,
      "The fake worker hung: it was silent for 1 s",
    );
    assert(bounds.length >= 2 && bounds.every((ms) => ms === 1000), "as a lease is renewed");
    assertEquals(isAlive(pid as number), false);
    assertNotEquals((await run("x")).pid, pid);
  }));

Deno.test("a job handed to a worker that is dying runs in the next; one over which two die unheard is told of", () =>
  withClient(undefined, undefined, async (run) => {
    const { pid } = await run("x");
    Deno.kill(pid as number, "SIGKILL"); // nobody has noticed yet
    assertNotEquals((await run("x")).pid, pid);
    let lives = 0;
    await assertRejects(() => run("die", undefined, { alive: () => lives++ }), WorkerDied, "SIGKILL");
    assertEquals(lives, 2);
  }));

Deno.test("a worker that lets go of a cancelled job is kept; one that does not is killed, at nobody's cost", () =>
  withClient(undefined, 1000, async (run) => {
    const cancelOnce = async (job: string) => {
      const stop = new AbortController();
      await assertRejects(
        () => run(job, stop.signal, { message: () => stop.abort(new JobStopped("cancel")) }),
        JobStopped,
      );
    };
    const { pid } = await run("x");
    await cancelOnce("wait");
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assertEquals((await run("x")).pid, pid);
    await cancelOnce("spin");
    assertNotEquals((await run("x")).pid, pid, "it waited for another worker, and was not held responsible");
  }));

Deno.test("a worker that lets go of a cancelled job, or one that nobody could listen to, is heard until it has", () =>
  withClient(undefined, 10_000, async (run) => {
    const stop = new AbortController(), told: string[] = [];
    const saving = run("save", stop.signal, {
      message: (_level, text) => void (told.push(text), stop.abort(new JobStopped("cancel"))),
    });
    await assertRejects(() => saving, JobStopped);
    assertEquals(told, ["training"]);
    const { pid } = await run("x"); // it begins when the other has ended
    assertEquals(told, ["training", "stopped by cancel"]);
    const deaf = run("save", undefined, {
      message: (_level, text) => {
        if (told.push(text) === 3) throw new Error("the disk is full");
      },
    });
    await assertRejects(() => deaf, Error, "the disk is full");
    assertEquals((await run("x")).pid, pid);
    assertEquals(told.slice(2), ["training", "stopped by cancel"]);
  }));

Deno.test("Silence holds a job against what it has shown, once two of its steps are told", async () => {
  let silent = 0;
  const silence = new Silence({ firstMs: 900, leastMs: 200, times: 3 }, (ms) => silent = ms);
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  try {
    assertEquals(silence.boundMs, 900);
    await wait(400); // as a first step is silent
    silence.heard(7);
    assertEquals(silence.boundMs, 900, "it may go on from a checkpoint, and tell where it stands");
    silence.heard();
    silence.heard(8);
    const { boundMs } = silence;
    assert(boundMs > 3 * 200 && boundMs <= 3 * 600, `${boundMs} ms, of 3 times the longest silence`);
    for (const end = Date.now() + 10_000; silent === 0 && Date.now() < end;) await wait(20);
    assert(silent >= boundMs, `${silent} ms`);
  } finally {
    silence.stop();
  }
});
