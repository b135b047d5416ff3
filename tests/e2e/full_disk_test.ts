import { DatabaseSync } from "node:sqlite";
import { assertEquals } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import { noiseTar, tarOf } from "./noise.ts";
import { TestServer } from "./server.ts";
import { fill, SmallDisk } from "./small_disk.ts";

const DISK_MB = 24;
/** What two datasets of the test may not fit in together, nor one alone. */
const LARGE_PX = 1024, LARGE_COUNT = 12;

const disk = await SmallDisk.find(DISK_MB);

Deno.test({
  name: `a full disk costs what did not fit, and nothing else${disk.note}`,
  ignore: disk.hindrance !== undefined,
  // The server and its children outlive their steps; the last line ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  await disk.mount();
  const dataDir = `${disk.path}/data`, datasets = `${dataDir}/datasets`, filler = `${disk.path}/filler`;
  let server = await TestServer.start(dataDir);
  const post = async (path: string, body: BodyInit) => {
    const headers = { "Content-Type": "application/x-tar" };
    const response = await server.fetch(path, { method: "POST", headers, body });
    const { id, error } = await response.json() as { id: string; error?: { code: string } };
    return { status: response.status, id, error };
  };
  const settled = (id: string) =>
    server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status !== "ingesting");
  const listed = () => [...Deno.readDirSync(datasets)].map(({ name }) => name).sort();
  const small = await noiseTar(6, 64);
  /** Twelve black images: a few KB each, and 3 MB each once they are pixels. */
  const black = await encodePng({
    width: LARGE_PX,
    height: LARGE_PX,
    pixels: new Uint8Array(LARGE_PX ** 2 * 3),
  });
  const swelling = await tarOf(Array(LARGE_COUNT).fill(black));
  const jobs: string[] = [];
  let earlier: string, items: unknown, image: Uint8Array;
  /** What was acknowledged before is as it was, and the server answers. */
  const expectUnharmed = async () => {
    assertEquals(await server.statusOf("/healthz"), 200);
    assertEquals((await server.json(`/v1/datasets/${earlier}`)).status, "ready");
    assertEquals((await server.json(`/v1/datasets/${earlier}/items`)).data, items);
    assertEquals(await (await server.fetch(`/v1/datasets/${earlier}/items/5/image`)).bytes(), image);
  };
  try {
    await t.step("an upload that does not fit is 507, and leaves nothing", async () => {
      earlier = (await post("/v1/datasets?name=earlier", small)).id;
      assertEquals((await settled(earlier)).status, "ready");
      items = (await server.json(`/v1/datasets/${earlier}/items`)).data;
      image = await (await server.fetch(`/v1/datasets/${earlier}/items/5/image`)).bytes();
      async function* large() {
        for (let sent = 0; sent < 2e6 * DISK_MB; sent += 1e5) yield new Uint8Array(1e5);
      }
      const { status, error } = await post("/v1/datasets?name=large", ReadableStream.from(large()));
      assertEquals([status, error?.code], [507, "disk_full"]);
      assertEquals(listed(), [earlier]);
      await expectUnharmed();
    });

    await t.step("an ingest that fills the disk fails that dataset, by name", async () => {
      const { id } = await post("/v1/datasets?name=swelling&short_side=2048", swelling);
      const failed = await settled(id) as unknown as { status: string; error: { code: string } };
      assertEquals([failed.status, failed.error.code], ["failed", "disk_full"]);
      assertEquals([...Deno.readDirSync(`${datasets}/${id}`)].map(({ name }) => name), ["upload-00000"]);
      await expectUnharmed();
      assertEquals((await server.fetch(`/v1/datasets/${id}`, { method: "DELETE" })).status, 204);
      assertEquals(listed(), [earlier]);
    });

    await t.step("a later part that fills the disk leaves the images that are in", async () => {
      const { id } = await post("/v1/datasets?name=parts&short_side=2048", small);
      assertEquals((await settled(id)).status, "ready");
      const before = await server.json(`/v1/datasets/${id}`);
      assertEquals((await post(`/v1/datasets/${id}/parts`, swelling)).status, 202);
      const { status, counts, fingerprint, warnings } = await settled(id);
      assertEquals([status, counts, fingerprint], ["ready", before.counts, before.fingerprint]);
      const [{ code, message }] = warnings as { code: string; message: string }[];
      assertEquals([code, /disk is full/.test(message)], ["part_failed", true], message);
      assertEquals((await server.json(`/v1/datasets/${id}/items`)).data, items);
      await expectUnharmed();
    });

    await t.step(
      "on a disk without a byte left everything is read, and what would write is 507",
      async () => {
        await fill(filler);
        await expectUnharmed();
        assertEquals((await post("/v1/datasets?name=none", small)).status, 507);
        const config = { arch: "cifar_resnet8", px: 16, batch: 2, steps: 2, evaluate: null };
        const answers: number[] = [];
        // SQLite writes into what its log has already, until it has to grow.
        for (let i = 0; i < 400 && answers.at(-1) !== 507; i++) {
          const body = { kind: "pretrain", dataset: earlier, config: { ...config, seed: i } };
          const response = await server.post("/v1/jobs", body);
          answers.push(response.status);
          const { id } = await response.json();
          if (response.status === 202) jobs.push(id);
        }
        assertEquals(new Set(answers).difference(new Set([202, 507])), new Set(), `answers: ${answers}`);
        assertEquals(answers.at(-1), 507, `answers: ${answers}`);
        await expectUnharmed();
      },
    );

    await t.step("once there is room again, so it is for an upload; and the database is whole", async () => {
      await Deno.remove(filler);
      for (const job of jobs) { // accepted is accepted: each is there, however full the disk was then
        assertEquals(await server.statusOf(`/v1/jobs/${job}`), 200);
        await (await server.post(`/v1/jobs/${job}/cancel`, {})).body?.cancel();
      }
      const { id } = await post("/v1/datasets?name=again", small);
      assertEquals((await settled(id)).status, "ready");
      await expectUnharmed();
      await server.stop();
      const db = new DatabaseSync(`${dataDir}/latentd.sqlite`);
      assertEquals({ ...db.prepare("PRAGMA integrity_check").get() }, { integrity_check: "ok" });
      db.close();
      server = await TestServer.start(dataDir);
      await expectUnharmed();
    });
  } finally {
    await server.stop();
    await disk.unmount();
  }
});
