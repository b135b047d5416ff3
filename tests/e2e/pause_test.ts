import { assert, assertEquals } from "@std/assert";
import { photographs } from "./photographs.ts";
import { TestServer } from "./server.ts";

const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: 200 },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
  ...{ optimizer: { name: "lars", base_lr: 4, warmup_epochs: 0 }, evaluate: null },
  checkpoint: { every_steps: 4, keep_last: 2, keep_every: 100 },
};

Deno.test({
  name: "a paused job outlives the server, and its checkpoints are those that it is to keep",
  // The server and its children outlive steps; the last step ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-pause-" }), { tar } = await photographs();
  let server = await TestServer.start(dataDir);
  const directories = () => [...Deno.readDirSync(`${dataDir}/checkpoints`)].map(({ name }) => name).sort();
  const headers = { "Content-Type": "application/x-tar" };
  const upload = await server.fetch("/v1/datasets?name=photos", { method: "POST", headers, body: tar });
  const { id: dataset } = await upload.json();
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const submit = async (config: unknown): Promise<string> =>
    (await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json()).id;
  const until = (job: string, wanted: string, step = 0) =>
    server.until(() => server.json(`/v1/jobs/${job}`), ({ status, progress }) => {
      assert(status !== "failed");
      return status === wanted && ((progress as { step: number } | null)?.step ?? 0) >= step;
    });
  const move = async (job: string, verb: string) => {
    const response = await server.post(`/v1/jobs/${job}/${verb}`, undefined);
    return [response.status, (await response.json()).status];
  };
  const checkpointsOf = async (job: string) =>
    (await server.json(`/v1/jobs/${job}/checkpoints`)).data as { id: string; step: number }[];
  try {
    const job = await submit(CONFIG);
    await until(job, "running", 8);
    assertEquals(await move(job, "pause"), [200, "paused"]);
    const other = await submit({ ...CONFIG, steps: 4 });
    await until(other, "succeeded");
    assertEquals((await server.json(`/v1/jobs/${job}`)).status, "paused");

    const unlisted = "ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV";
    await Deno.mkdir(`${dataDir}/checkpoints/${unlisted}`);
    await server.crash();
    server = await TestServer.start(dataDir);
    assertEquals((await server.json(`/v1/jobs/${job}`)).status, "paused");
    assert(directories().includes(unlisted)); // the operator is told of it; it may be of a newer database
    await Deno.remove(`${dataDir}/checkpoints/${unlisted}`);

    assertEquals(await move(job, "resume"), [200, "queued"]);
    await until(job, "running", 4);
    assertEquals(await move(job, "pause"), [200, "paused"]);
    assertEquals(await move(job, "resume"), [200, "queued"]); // its worker may not have ended yet
    const { attempt } = await until(job, "succeeded");
    assertEquals(attempt, 1);

    const { data } = await server.json(`/v1/jobs/${job}/metrics`) as unknown as { data: { step: number }[] };
    const steps = data.map(({ step }) => step);
    assertEquals(steps, [...new Set(steps)].sort((a, b) => a - b));
    assertEquals(steps.at(-1), 200);

    const kept = await checkpointsOf(job);
    assertEquals(kept.map(({ step }) => step), [200, 196, 100, 0]);
    const [removed] = kept;
    const gone = await server.fetch(`/v1/checkpoints/${removed.id}`, { method: "DELETE" });
    assertEquals([gone.status, await gone.text()], [204, ""]);
    const listed = [...await checkpointsOf(job), ...await checkpointsOf(other)].map(({ id }) => id).sort();
    assertEquals(directories(), listed);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
