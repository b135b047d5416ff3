import { delay } from "@std/async/delay";
import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { getPriority } from "node:os";
import { DomainError } from "../../../src/domain/errors.ts";
import { KnnConfig } from "../../../src/domain/knn.ts";
import { JobStopped } from "../../../src/domain/job.ts";
import type { Reply } from "../../../src/ipc/messages.ts";
import { ChildProcess, WorkerDied } from "../../../src/supervisor/child_process.ts";
import { EmbeddingClient } from "../../../src/supervisor/embedding_client.ts";
import { TrainingClient } from "../../../src/supervisor/training_client.ts";
import type { JobReport, TrainingTask } from "../../../src/domain/ports.ts";

/** It reads what it is to do from its environment, removes a file to note what it has done, and kills itself. */
const ALLOWED = ["--allow-env", "--allow-write", "--allow-run"];
const FAKE = fromFileUrl(new URL("./fake_worker.ts", import.meta.url));

/** A real child for one test; what it and its keeper write is kept off the test's output and handed to it instead. */
async function withChild(
  use: (child: ChildProcess, lines: string[]) => Promise<void>,
  { env, program = Deno.execPath(), nice }: {
    env?: Record<string, string>;
    program?: string;
    nice?: number;
  } = {},
): Promise<void> {
  const { log, error } = console, lines: string[] = [];
  console.log = console.error = (line: string) => lines.push(line);
  const child = new ChildProcess({
    name: "fake",
    program,
    args: ["run", "--quiet", ...ALLOWED, FAKE],
    env,
    nice,
  });
  try {
    await use(child, lines);
  } finally {
    await child.close();
    Object.assign(console, { log, error });
  }
}
/** Fails instead of hanging the run. */
async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not settled in ${ms} ms`)), ms);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
const ask = (child: ChildProcess, checkpoint: string, heard?: (reply: Reply) => void, signal?: AbortSignal) =>
  child.request({ type: "embed", checkpoint, images: [] }, Uint8Array.of(1, 2, 3), heard, signal);

Deno.test("a request is answered with result, payload and what was said on the way", async () => {
  await withChild(async (child) => {
    const heard: string[] = [];
    const { result, payload } = await ask(child, "x", (reply) => {
      if (reply.type === "message") heard.push(reply.text);
    });
    assertEquals([result.pid, [...payload], heard], [child.pid, [1, 2, 3], ["working on x"]]);
    assertEquals(child.adapter, "fake adapter");
  });
});

Deno.test("a child that is to step back does so on every thread", async () => {
  await withChild(async (child) => {
    await child.whenReady();
    // By ls: Deno lets nobody read there who may not do everything.
    const { stdout } = await new Deno.Command("ls", { args: [`/proc/${child.pid}/task`] }).output();
    const threads = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
    assert(threads.length > 1);
    for (const thread of threads) assertEquals(getPriority(thread), 7, `thread ${thread} of ${child.pid}`);
  }, { nice: 7 });
});

Deno.test("a DomainError crosses with its code, type and errors; any other with its message", async () => {
  await withChild(async (child) => {
    const refused = await assertRejects(() => ask(child, "refuse"), DomainError, "Cannot do this");
    assertEquals((refused as DomainError).code, "invalid");
    assertEquals((refused as DomainError).options, {
      type: "fake",
      errors: [{ detail: "wrong", pointer: "#/a" }],
    });
    const broken = await assertRejects(() => ask(child, "break"), Error, "a secret of the inside");
    assert(!(broken instanceof DomainError));
    await ask(child, "still there");
  });
});

Deno.test("a child that is killed is started again: its request fails, the next succeeds", async () => {
  await withChild(async (child) => {
    const first = (await ask(child, "x")).result.pid;
    const waiting = assertRejects(() => ask(child, "wait"), WorkerDied, "SIGKILL");
    await assertRejects(() => ask(child, "die"), WorkerDied);
    await waiting;
    assertNotEquals((await ask(child, "x")).result.pid, first);
  });
});

for (const [how, type] of [["lose", "gpu_lost"], ["fail", "gpu_out_of_memory"]]) {
  Deno.test(`a child whose GPU is of no more use says why, and another is started: ${type}`, async () => {
    await withChild(async (child) => {
      const first = (await ask(child, "x")).result.pid;
      const waiting = assertRejects(() => ask(child, "wait"), DomainError);
      const asked = await assertRejects(() => ask(child, how), DomainError) as DomainError;
      assertEquals([asked.options.type, ((await waiting) as DomainError).options.type], [type, type]);
      assertEquals(child.adapter, undefined, "nothing is sent to the one that ends");
      assertNotEquals((await ask(child, "x")).result.pid, first);
    });
  });
}

Deno.test("a child that writes what is no frame is ended and started again", async () => {
  await withChild(async (child) => {
    await assertRejects(() => ask(child, "babble"), WorkerDied);
    await ask(child, "x");
  });
});

Deno.test("an aborted request rejects at once and the child goes on", async () => {
  await withChild(async (child) => {
    const controller = new AbortController();
    await assertRejects(
      () => ask(child, "wait", () => controller.abort(new Error("enough")), controller.signal),
      Error,
      "enough",
    );
    await ask(child, "x");
  });
});

for (const reason of ["pause", "shutdown", "cancel"] as const) {
  Deno.test(`the child learns why it is to stop; ${reason} ${reason === "cancel" ? "does not wait" : "waits"} for it`, async () => {
    await withChild(async (child) => {
      const controller = new AbortController(), heard: string[] = [];
      const stopped = await assertRejects(() =>
        ask(child, "save", (reply) => {
          if (reply.type === "message") heard.push(reply.text);
          controller.abort(new JobStopped(reason));
        }, controller.signal), JobStopped);
      assertEquals(stopped.reason, reason);
      assertEquals(heard, ["training", ...reason === "cancel" ? [] : [`stopped by ${reason}`]]);
      await ask(child, "x");
    });
  });
}

Deno.test("a child that dies over its last checkpoint, or is not ready yet, holds up no pause", async () => {
  await withChild(async (child) => {
    const controller = new AbortController();
    const early = assertRejects(() => ask(child, "save", undefined, controller.signal), JobStopped);
    controller.abort(new JobStopped("pause")); // before it is ready
    await within(1000, early);
    await child.whenReady();
    const again = new AbortController();
    await assertRejects(() =>
      ask(child, "save", () => {
        again.abort(new JobStopped("pause"));
        Deno.kill(child.pid!, "SIGKILL");
      }, again.signal), WorkerDied);
  });
});

Deno.test("a child outlives the signals that its server gets, until that closes its input", async () => {
  await withChild(async (child) => {
    const { pid } = (await ask(child, "x")).result;
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.kill(child.pid!, signal);
    await delay(100);
    assertEquals((await ask(child, "x")).result.pid, pid);
  });
});

Deno.test("the embedder is unavailable, not broken, while no worker is ready or when it dies", async () => {
  await withChild(async (child) => {
    const embedder = new EmbeddingClient(child), image = { width: 1, height: 1, pixels: new Uint8Array(3) };
    assertEquals(embedder.ready(), false);
    const early = await assertRejects(() => embedder.embed("x", [image]), DomainError, "is starting");
    assertEquals((early as DomainError).code, "unavailable");
    await child.whenReady();
    assertEquals(embedder.ready(), true);
    const late = await assertRejects(() => embedder.embed("die", [image]), DomainError, "try again");
    assertEquals((late as DomainError).code, "unavailable");
  });
});

Deno.test("a request outlives a child that dies before it is ready", async () => {
  const failOnce = await Deno.makeTempFile();
  await withChild(async (child, lines) => {
    await within(5000, ask(child, "x"));
    assert(lines.includes("[fake] Cannot find an adapter"), lines.join("\n"));
  }, { env: { FAKE_FAIL_ONCE: failOnce } });
});

Deno.test("a request that waits for a child can be aborted, and ends when the server closes", async () => {
  await withChild(async (child) => {
    const controller = new AbortController();
    const aborted = assertRejects(() => ask(child, "x", undefined, controller.signal), Error, "enough");
    controller.abort(new Error("enough"));
    await within(1000, aborted);
    const waiting = assertRejects(() => ask(child, "x"), WorkerDied, "closing");
    await within(4000, child.close());
    await within(1000, waiting);
    await within(1000, assertRejects(() => ask(child, "x"), WorkerDied, "closing"));
  }, { env: { FAKE_NEVER_READY: "1" } });
});

Deno.test("a program that cannot be started is tried again, and harms nothing else", async () => {
  await withChild(async (child, lines) => {
    await delay(700);
    assertEquals(child.adapter, undefined);
    assert(lines.length >= 2 && lines.every((line) => line.includes("cannot be started")), lines.join("\n"));
  }, { program: "/nowhere/deno" });
});

Deno.test("close() ends a child that does not listen any more", async () => {
  await withChild(async (child) => {
    const spinning = Promise.withResolvers<void>();
    const lost = assertRejects(() => ask(child, "spin", () => spinning.resolve()), WorkerDied, "SIGKILL");
    await spinning.promise;
    await delay(200); // it spins 50 ms after it has said so
    await within(8000, child.close());
    await lost;
  });
});

Deno.test("the trainer passes on what a job reports; a report that fails fails that job alone", async () => {
  const task: TrainingTask = {
    job: "job_x",
    dataset: "ds_x",
    fingerprint: "",
    resume: [],
    work: {
      kind: "knn",
      config: KnnConfig.parse({ checkpoint: "ckpt_x" }),
    },
  };
  await withChild(async (child) => {
    const trainer = new TrainingClient(child), heard: unknown[] = [], { signal } = new AbortController();
    const report: JobReport = {
      alive: () => {},
      progress: ({ step }, { loss }) => heard.push([step, loss]),
      checkpoint: (checkpoint) => heard.push(checkpoint),
      kept: () => heard.push("kept"),
      message: (level, text) => heard.push([level, text]),
    };
    const { pid } = await trainer.run(task, report, signal);
    assertEquals([pid, heard], [child.pid, [[1, 0.5], ["info", "working on job_x"]]]);
    const full = {
      ...report,
      progress: () => {
        throw new Error("the disk is full");
      },
    };
    await assertRejects(() => trainer.run(task, full, signal), Error, "the disk is full");
    assertEquals((await trainer.run(task, report, signal)).pid, pid);
  });
});
