// What a user, or a crash, does to a job that trains: in time, and with the GPU left to the next one.
import { assert, assertEquals } from "@std/assert";
import { noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";

const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: 5000, evaluate: null, on_collapse: "warn" },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
};
/** What the issue gives a pause or a cancel of a job that trains. */
const IN_TIME_MS = 2000;

interface Event {
  type: string;
  data: Record<string, unknown>;
  created_at: string;
}

Deno.test({
  name: "jobs that train are paused, resumed, cancelled, and killed",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-control-" });
  const server = await TestServer.start(dataDir), headers = { "Content-Type": "application/x-tar" };
  const upload = { method: "POST", headers, body: await noiseTar(32, 16) };
  const { id: dataset } = await (await server.fetch("/v1/datasets?name=noise", upload)).json();
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  let seed = 0;
  const submit = async (more: object = {}): Promise<string> => {
    const config = { ...CONFIG, ...more, seed: seed++ };
    const response = await server.post("/v1/jobs", { kind: "pretrain", dataset, config });
    assertEquals(response.status, 202, await response.clone().text());
    return (await response.json()).id;
  };
  const ask = (job: string) => server.json(`/v1/jobs/${job}`);
  const until = (job: string, wanted: string) =>
    server.until(() => ask(job), ({ status }) => status === wanted, 180);
  const trains = (job: string, step: number) =>
    server.until(
      () => ask(job),
      ({ status, progress }) =>
        status === "running" && ((progress as { step: number } | null)?.step ?? 0) >= step,
      180,
    );
  const tell = async (job: string, verb: string) => {
    const response = await server.post(`/v1/jobs/${job}/${verb}`, {});
    return [response.status, (await response.json()).status];
  };
  const eventsOf = async (job: string) => {
    const headers = { Accept: "application/json" };
    return (await server.json(`/v1/jobs/${job}/events?limit=1000`, { headers })).data as Event[];
  };
  /** When the worker, which runs one job after another, first spoke of a job, by the server's clock. */
  const spokenOf = async (job: string): Promise<number> => {
    const spoken = (events: Event[]) => events.find(({ type }) => type === "message");
    return Date.parse(
      spoken(await server.until(() => eventsOf(job), (events) => spoken(events) !== undefined))!.created_at,
    );
  };
  const stepOf = async (job: string) => ((await ask(job)).progress as { step: number }).step;
  try {
    for (const [verb, status] of [["pause", "paused"], ["cancel", "cancelled"]]) {
      await t.step(`${verb}: the GPU is another job's within ${IN_TIME_MS / 1000} s`, async () => {
        const job = await submit(), next = await submit();
        await trains(job, 20);
        const asked = Date.now();
        assertEquals(await tell(job, verb), [200, status]);
        const took = await spokenOf(next) - asked;
        assert(took <= IN_TIME_MS, `${took} ms from the ${verb} to the next job's first word`);
        await trains(next, 1);
        assertEquals((await ask(job)).status, status);
        if (verb === "pause") {
          // Its last checkpoint is of where it stood, and it goes on from that: nothing is done again.
          const [last] = (await server.json(`/v1/jobs/${job}/checkpoints`)).data as {
            id: string;
            step: number;
          }[];
          assert(last.step >= await stepOf(job), `its last checkpoint is of step ${last.step}`);
          await tell(next, "cancel");
          const resumed = Date.now();
          assertEquals(await tell(job, "resume"), [200, "queued"]);
          const isBack = ({ data }: Event) => String(data.text).startsWith(`Going on from ${last.id}`);
          const back = await server.until(() => eventsOf(job), (events) => events.some(isBack), 60);
          const going = back.filter(({ data }) => data.status === "running").at(-1)!;
          const waited = Date.parse(going.created_at) - resumed;
          assert(waited <= IN_TIME_MS, `${waited} ms from the resume to its running`);
          await tell(job, "cancel");
        } else await tell(next, "cancel");
      });
    }

    await t.step("a job that kills its worker three times has failed, and the queue goes on", async () => {
      const poison = await submit({ checkpoint: { every_steps: null } }), next = await submit({ steps: 4 });
      for (let death = 1; death <= 3; death++) {
        await server.until(() => eventsOf(poison), (events) => {
          const begun = events.findLastIndex(({ data }) =>
            data.status === "running" && data.attempt === death
          );
          return begun >= 0 && events.slice(begun).some(({ type }) => type === "metrics");
        }, 60);
        Deno.kill(await server.child("train"), "SIGKILL");
        assertEquals(await server.statusOf("/healthz"), 200);
      }
      const { attempt, error } = await until(poison, "failed");
      assertEquals([attempt, (error as { code: string }).code], [3, "attempts_exhausted"]);
      await until(next, "succeeded");
      assertEquals((await ask(poison)).status, "failed");
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
