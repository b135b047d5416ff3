// Runs that are interrupted, by what interrupts them in life, end with the bits of one that was not.
import { assert, assertEquals } from "@std/assert";
import { photographs } from "./photographs.ts";
import { TestServer } from "./server.ts";

interface Checkpoint {
  id: string;
  step: number;
  files: { name: string; sha256: string }[];
}
const STEPS = 48, EVERY = 5;
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, micro_batch: 8, steps: STEPS, seed: 1 },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 }, tau: 0.9 },
  ...{ optimizer: { name: "lars", base_lr: 4, warmup_epochs: 0 }, evaluate: null },
  checkpoint: { every_steps: EVERY, keep_last: 2, keep_every: 20 },
};

Deno.test({
  name: "interrupted runs end with the bits of one that was not",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-resume-" });
  let server = await TestServer.start(directory);
  const created = await server.fetch("/v1/datasets?name=photos", {
    method: "POST",
    headers: { "Content-Type": "application/x-tar" },
    body: (await photographs()).tar,
  });
  const { id: dataset } = await created.json();
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");

  const submit = async (more: object = {}): Promise<string> => {
    const response = await server.post("/v1/jobs", {
      kind: "pretrain",
      dataset,
      config: { ...CONFIG, ...more },
    });
    assertEquals(response.status, 202, await response.clone().text());
    return (await response.json()).id;
  };
  const ask = (job: string) => server.json(`/v1/jobs/${job}`);
  const reached = (job: string, step: number) =>
    server.until(
      () => ask(job),
      ({ status, progress }) =>
        status === "succeeded" || (progress as { step: number } | null ?? { step: 0 }).step >= step,
      300,
    );
  const checkpointsOf = async (job: string): Promise<Checkpoint[]> => {
    const { data } = await server.json(`/v1/jobs/${job}/checkpoints`) as unknown as { data: Checkpoint[] };
    return data.toSorted((a, b) => a.step - b.step);
  };
  /** The hashes of what a job ended with. */
  const endOf = async (job: string): Promise<string[]> => {
    const { status, error } = await server.until(
      () => ask(job),
      ({ status }) => ["succeeded", "failed"].includes(status),
      300,
    );
    assertEquals(status, "succeeded", JSON.stringify(error));
    const last = (await checkpointsOf(job)).at(-1)!;
    assertEquals(last.step, STEPS);
    return ["training_state.safetensors", "model.safetensors"]
      .map((name) => last.files.find((file) => file.name === name)!.sha256);
  };
  const text = async (job: string): Promise<string> =>
    JSON.stringify(
      await server.json(`/v1/jobs/${job}/events?limit=1000`, { headers: { Accept: "application/json" } }),
    );

  const whole = await submit(), expected = await endOf(whole);
  await context.step("what checkpoints are kept is what was asked for", async () => {
    assertEquals((await checkpointsOf(whole)).map(({ step }) => step), [0, 20, 40, 45, 48]);
  });

  const random = (from: number, to: number) => from + Math.floor(Math.random() * (to - from));
  const interruptions: [string, (job: string) => Promise<void>][] = [
    ["the training process is killed", async () => Deno.kill(await server.child("train"), "SIGKILL")],
    ["the server is killed", async () => {
      await server.crash();
      server = await TestServer.start(directory);
    }],
    ["the server is told to end", async () => {
      await server.stop();
      server = await TestServer.start(directory);
    }],
    ["it is paused, and resumed", async (job) => {
      assertEquals((await (await server.post(`/v1/jobs/${job}/pause`, {})).json()).status, "paused");
      assertEquals((await (await server.post(`/v1/jobs/${job}/resume`, {})).json()).status, "queued");
    }],
  ];
  for (const [what, interrupt] of interruptions) {
    // Early or late; the first may come before there is any checkpoint but step 0's.
    const at = [random(1, 20), random(20, STEPS - 4)];
    await context.step(`${what} at about steps ${at.join(" and ")}`, async () => {
      const job = await submit();
      for (const step of at) {
        await reached(job, step);
        await interrupt(job);
      }
      assertEquals(await endOf(job), expected);
      const told = await text(job);
      assert(told.includes("Going on from ckpt_"), told);
    });
  }

  await context.step(
    "a paused job leaves the GPU to others, and goes on after a restart when it is told to",
    async () => {
      const job = await submit();
      await reached(job, 7);
      await server.post(`/v1/jobs/${job}/pause`, {});
      const other = await submit({ steps: 2 });
      await server.until(() => ask(other), ({ status }) => status === "succeeded");
      const paused = (await checkpointsOf(job)).at(-1)!.step;
      assert(paused >= 7, `the newest checkpoint of a job paused after step 7 is of step ${paused}`);
      await server.stop();
      server = await TestServer.start(directory);
      assertEquals((await ask(job)).status, "paused");
      await server.post(`/v1/jobs/${job}/resume`, {});
      assertEquals(await endOf(job), expected);
    },
  );

  await context.step("init begins a new run with another's weights, and nothing else of it", async () => {
    const init = (await checkpointsOf(whole)).at(-1)!;
    const job = await submit({ init: init.id, seed: 2, steps: 3, batch: 8 });
    await server.until(() => ask(job), ({ status }) => status === "succeeded");
    const [first] = await checkpointsOf(job),
      hash = (of: Checkpoint, name: string) => of.files.find((file) => file.name === name)!.sha256;
    assertEquals(first.step, 0);
    const bytes = async ({ id }: Checkpoint, file: string) =>
      await (await server.fetch(`/v1/checkpoints/${id}/files/${file}`)).bytes();
    assert(hash(first, "training_state.safetensors") !== hash(init, "training_state.safetensors"));
    const { decodeSafetensors } = await import("../../src/checkpoint/safetensors.ts");
    const [ours, theirs] = await Promise.all(
      [first, init].map(async (of) => decodeSafetensors(await bytes(of, "training_state.safetensors"))),
    );
    for (const [name, { data }] of ours) {
      if (name.startsWith("online.")) assertEquals(data, theirs.get(name)!.data, name);
      else if (name.startsWith("target.")) {
        assertEquals(data, theirs.get(name.replace("target", "online"))!.data, name);
      } else assert([...data].every((v) => Number(v) === 0), name);
    }
  });
  await server.stop();
  await Deno.remove(directory, { recursive: true });
});
