// A backup of a server at work, by the operator's command, is one that another server goes on from.
import { assert, assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise, tarOf } from "./noise.ts";
import { photographs } from "./photographs.ts";
import { TestServer } from "./server.ts";

const STEPS = 200, PX = 192, IMAGES = 300;
const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: STEPS, seed: 1 },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 }, evaluate: null },
  checkpoint: { every_steps: 10, keep_last: 2 },
};
type Json = Record<string, unknown> & { status: string };

Deno.test({
  name: "a server goes on from a backup that was made while another trained and took data in",
  sanitizeOps: false, // the servers and their children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const root = await Deno.makeTempDir({ prefix: "latentd-backup-" });
  const [dataDir, target] = [`${root}/data`, `${root}/backup`], env = { DECODE_WORKERS: "1" };
  await Deno.mkdir(dataDir);
  let server = await TestServer.start(dataDir, env);
  const upload = async (name: string, tar: Uint8Array<ArrayBuffer>) => {
    const headers = { "Content-Type": "application/x-tar" };
    const response = await server.fetch(`/v1/datasets?name=${name}`, { method: "POST", headers, body: tar });
    assertEquals(response.status, 201);
    return (await response.json()).id as string;
  };
  const dataset = (id: string) => server.json(`/v1/datasets/${id}`);
  const job = (id: string) => server.json(`/v1/jobs/${id}`);
  const step = ({ progress }: Json) => (progress as { step: number } | null)?.step ?? 0;
  const list = async (path: string) =>
    (await server.json(path)).data as { id: string; step: number; seq: number }[];
  try {
    const photos = await upload("photos", (await photographs()).tar);
    await server.until(() => dataset(photos), ({ status }) => status === "ready");
    const run =
      (await (await server.post("/v1/jobs", { kind: "pretrain", dataset: photos, config: CONFIG })).json())
        .id;
    const waiting = (await (await server.post("/v1/jobs", {
      ...{ kind: "pretrain", dataset: photos },
      config: { ...CONFIG, steps: 2, seed: 2 },
    })).json()).id;
    await server.until(() => job(run), (now) => step(now) >= 25);
    const [first] = await list(`/v1/jobs/${run}/checkpoints`);
    await server.fetch("/v1/models/kept", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ checkpoint: first.id }),
    });
    const png = await encodePng(noise(PX, 1));
    const coming = await upload("coming", await tarOf(Array.from({ length: IMAGES }, () => png)));
    await server.until(() => dataset(coming), ({ status, progress }) => {
      assertEquals(status, "ingesting", "it was through before the backup");
      return (progress as { images: number } | undefined ?? { images: 0 }).images > 0;
    });

    await context.step("the command copies a backup out, and leaves none with the server", async () => {
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["task", "--quiet", "backup", target],
        env: { DATA_DIR: dataDir, PORT: new URL(server.url).port, NO_COLOR: "1" },
      }).output();
      const said = new TextDecoder().decode(stdout);
      assert(success, new TextDecoder().decode(stderr));
      assert(said.startsWith(`${target}: 2 datasets, `), said);
      assertEquals(await list("/v1/backups"), []);
      assertEquals([(await job(run)).status, (await dataset(coming)).status], ["running", "ingesting"]);
    });
    const after = await upload("after", await tarOf([png]));
    await server.crash();

    await Deno.remove(dataDir, { recursive: true }); // no link into it helps the backup
    server = await TestServer.start(target, env);
    await context.step("datasets are whole, the one that was coming in comes in", async () => {
      const { status, counts } = await server.until(
        () => dataset(coming),
        ({ status }) => status !== "ingesting",
      );
      assertEquals([status, (counts as { images: number }).images], ["ready", IMAGES]);
      assertEquals((await dataset(photos)).status, "ready");
      assertEquals(await server.statusOf(`/v1/datasets/${after}`), 404);
      assertEquals(await server.statusOf(`/v1/datasets/${photos}/items/0/image`), 200);
    });
    await context.step(
      "the job that was running goes on from a checkpoint, and what waited follows",
      async () => {
        const ended = ({ status }: Json) => ["succeeded", "failed"].includes(status);
        const { status, error } = await server.until(() => job(run), ended, 300);
        assertEquals(status, "succeeded", JSON.stringify(error));
        const log = await server.json(`/v1/jobs/${run}/events?limit=1000`, {
          headers: { Accept: "application/json" },
        });
        const { data } = log as unknown as { data: { seq: number; data: Record<string, unknown> }[] };
        assertEquals(data.map(({ seq }) => seq), data.map((_, i) => i + 1));
        assert(JSON.stringify(data).includes("Going on from ckpt_"), "it began anew");
        assertEquals((await server.until(() => job(waiting), ended, 120)).status, "succeeded");
      },
    );
    await context.step("its models embed", async () => {
      await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
      const input = `data:image/png;base64,${png.toBase64()}`;
      const response = await server.post("/v1/embeddings", { model: "kept", input });
      assertEquals(response.status, 200, await response.clone().text());
      assertEquals((await response.json()).data[0].embedding.length, 64);
    });
    await context.step(
      "what is on the disk and not in the database is left, and what is not on it is told",
      async () => {
        const orphan = "ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV",
          [lost] = await list(`/v1/jobs/${waiting}/checkpoints`);
        await server.stop();
        await Deno.rename(`${target}/checkpoints/${lost.id}`, `${target}/checkpoints/${orphan}`);
        server = await TestServer.start(target, env);
        assert([...Deno.readDirSync(`${target}/checkpoints`)].some(({ name }) => name === orphan));
        const models = (await list("/v1/models")).map(({ id }) => id);
        assertEquals([models.includes("kept"), models.includes(lost.id)], [true, false]);
        const { missing } = await server.json("/v1/backups", { method: "POST" });
        assertEquals(missing, [lost.id]);
      },
    );
  } finally {
    await server.stop();
    await Deno.remove(root, { recursive: true });
  }
});
