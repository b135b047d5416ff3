// A disk that fills up under a training job, really: the job waits for room, loses nothing that was listed, and ends with
// the bits of a run that never met a full disk.
import { assert, assertEquals } from "@std/assert";
import { noiseTar } from "./noise.ts";
import { TestServer } from "./server.ts";
import { fill, SmallDisk } from "./small_disk.ts";

interface Checkpoint {
  id: string;
  step: number;
  files: { name: string; sha256: string }[];
}
const STEPS = 120;
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: STEPS, seed: 3, evaluate: null },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 }, on_collapse: "warn" },
  checkpoint: { every_steps: 5, keep_last: 2 },
};
const disk = await SmallDisk.find(48);

Deno.test({
  name: `a job whose disk fills up pauses as storage_full, and goes on when there is room${disk.note}`,
  ignore: disk.hindrance !== undefined,
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (t) => {
  await disk.mount();
  const dataDir = `${disk.path}/data`, filler = `${disk.path}/filler`;
  let server = await TestServer.start(dataDir);
  const body = await noiseTar(32, 16), headers = { "Content-Type": "application/x-tar" };
  const { id: dataset } =
    await (await server.fetch("/v1/datasets?name=noise", { method: "POST", headers, body })).json();
  await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
  const submit = async (more: object): Promise<string> => {
    const response = await server.post("/v1/jobs", { kind: "pretrain", dataset, config: CONFIG, ...more });
    assertEquals(response.status, 202, await response.clone().text());
    return (await response.json()).id;
  };
  const ask = (job: string) => server.json(`/v1/jobs/${job}`);
  const until = (job: string, wanted: string) =>
    server.until(() => ask(job), ({ status, error }) => {
      assert(status !== "failed", JSON.stringify(error));
      return status === wanted;
    }, 300);
  const reached = (job: string, step: number) =>
    server.until(() => ask(job), ({ progress }) => (progress as { step: number } | null)?.step! >= step, 300);
  const checkpointsOf = async (job: string) =>
    (await server.json(`/v1/jobs/${job}/checkpoints`)).data as Checkpoint[];
  /** Every listed checkpoint is whole, nothing half is there, and the server answers. */
  const expectWhole = async (job: string) => {
    assertEquals(await server.statusOf("/healthz"), 200);
    const listed = await checkpointsOf(job);
    assert(listed.length > 0);
    for (const { id, files } of listed) {
      for (const { name, sha256 } of files) {
        const bytes = await (await server.fetch(`/v1/checkpoints/${id}/files/${name}`)).bytes();
        assertEquals(
          new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex(),
          sha256,
          `${id} ${name}`,
        );
      }
    }
    // One that was under way when the job paused is not listed any more, and its files go.
    await server.until(
      async () => {
        const all = (await server.json("/v1/models")).data as { id: string }[];
        const onDisk = [...Deno.readDirSync(`${dataDir}/checkpoints`)].map(({ name }) => name);
        return [...new Set(onDisk).symmetricDifference(new Set(all.map(({ id }) => id)))];
      },
      (unlisted) => unlisted.length === 0,
      10,
    );
  };
  const endOf = async (job: string): Promise<string[]> => {
    await until(job, "succeeded");
    const [last] = await checkpointsOf(job);
    assertEquals(last.step, STEPS);
    return last.files.filter(({ name }) => name.endsWith(".safetensors")).map(({ sha256 }) => sha256);
  };
  const expectStorageFull = async (job: string) => {
    const { error } = await until(job, "paused") as unknown as { error: { code: string; message: string } };
    assertEquals(error.code, "storage_full");
    assert(/disk is full/.test(error.message), error.message);
  };
  try {
    const whole = await submit({ metadata: { run: "whole" } }), expected = await endOf(whole);
    const job = await submit({ metadata: { run: "met a full disk" } });

    await t.step("it pauses, its checkpoints are whole, and its events say why", async () => {
      await reached(job, 10);
      await fill(filler);
      await expectStorageFull(job);
      await expectWhole(job);
      const events = await server.json(`/v1/jobs/${job}/events?limit=1000`, {
        headers: { Accept: "application/json" },
      });
      const told = (events.data as { type: string; data: { status: string; error?: { code: string } } }[])
        .filter(({ type }) => type === "status").map(({ data }) => data);
      assertEquals([told.at(-1)!.status, told.at(-1)!.error?.code], ["paused", "storage_full"]);
    });

    await t.step("resumed while there is no room it pauses again; a restart changes nothing", async () => {
      await (await server.post(`/v1/jobs/${job}/resume`, {})).body?.cancel();
      await expectStorageFull(job);
      await server.crash();
      server = await TestServer.start(dataDir);
      await fill(filler); // what the dead server's log had taken
      await expectStorageFull(job);
      await expectWhole(job);
    });

    await t.step("with room it goes on by itself, to the bits of a run without a full disk", async () => {
      await Deno.remove(filler);
      const users = await submit({ metadata: { run: "paused by its user" } });
      await (await server.post(`/v1/jobs/${users}/pause`, {})).body?.cancel();
      assertEquals(await endOf(job), expected);
      assertEquals((await ask(users)).status, "paused");
    });
  } finally {
    await server.stop();
    await disk.unmount();
  }
});
