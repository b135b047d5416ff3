import { assert, assertEquals } from "@std/assert";
import { parquetReadObjects } from "hyparquet";
import { packTar } from "modern-tar";
import { encodePng } from "../../src/data/encode_png.ts";
import { noise } from "./noise.ts";
import { isAlive, TestServer } from "./server.ts";

/** Images are of two sizes, so that some are resized; a third of them have no class. */
const IMAGES = 700, PX = 32, SIZES = [32, 48];

interface Scene {
  server: TestServer;
  dataset: string;
  checkpoint: string;
  submit(config: object): Promise<string>;
  until(job: string, done: (job: Told) => boolean): Promise<Told>;
  /** A file of a job, after its size and hash were looked at. */
  file(job: string, name: string): Promise<Uint8Array<ArrayBuffer>>;
}
type Told = Record<string, unknown> & {
  status: string;
  progress: { step: number; total_steps: number; images_per_s: number } | null;
  result: { files: { name: string; bytes: number; sha256: string }[] } | null;
};

/** A server with a data set and a model; the scene's `server` may be replaced by another on the same directory. */
async function scene(
  model: { arch: string; px: number },
  check: (scene: Scene, dataDir: string) => Promise<void>,
): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-embed-" });
  const scene = { server: await TestServer.start(dataDir) } as Scene;
  try {
    const files = await Promise.all(Array.from({ length: IMAGES }, async (_, n) => {
      const body = await encodePng(noise(SIZES[n % 2], n));
      return {
        header: { name: `${["train/a", "train/b", "test"][n % 3]}/${n}.png`, size: body.length },
        body,
      };
    }));
    const { id } = await scene.server.json("/v1/datasets?name=mixed&short_side=64", {
      method: "POST",
      headers: { "Content-Type": "application/x-tar" },
      body: await packTar(files),
    });
    scene.dataset = id as string;
    await scene.server.until(
      () => scene.server.json(`/v1/datasets/${id}`),
      ({ status }) => status === "ready",
    );
    let jobs = 0;
    scene.submit = async (config) => {
      const body = { kind: "embed", dataset: scene.dataset, config, metadata: { n: String(jobs++) } };
      const response = await scene.server.post("/v1/jobs", body), { id, ...rest } = await response.json();
      assertEquals(response.status, 202, JSON.stringify(rest));
      return id;
    };
    scene.until = (job, done) =>
      scene.server.until(async () => await scene.server.json(`/v1/jobs/${job}`) as Told, (told) => {
        assert(told.status !== "failed", JSON.stringify(told.error));
        return done(told);
      }, 300);
    scene.file = async (job, name) => {
      const { data } = await scene.server.json(`/v1/jobs/${job}/files`);
      const listed = (data as { name: string; bytes: number; sha256: string }[]).find((f) =>
        f.name === name
      )!;
      const bytes = await (await scene.server.fetch(`/v1/jobs/${job}/files/${name}`)).bytes();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      assertEquals([bytes.length, hash], [listed.bytes, listed.sha256], name);
      return bytes;
    };
    scene.checkpoint = await modelOf(scene, model);
    await check(scene, dataDir);
  } finally {
    await scene.server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}
/** A model after a step of training, which is all that is asked of it. */
async function modelOf({ server, dataset }: Scene, model: { arch: string; px: number }): Promise<string> {
  const heads = { projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } };
  const config = { ...model, ...heads, batch: 8, steps: 1, evaluate: null };
  const { id } = await (await server.post("/v1/jobs", { kind: "pretrain", dataset, config })).json();
  await server.until(() => server.json(`/v1/jobs/${id}`), ({ status }) => status === "succeeded");
  const { data } = await server.json(`/v1/jobs/${id}/checkpoints`);
  return (data as { id: string }[])[0].id;
}
const ended = ({ status }: Told) => status === "succeeded";
/** The values of an npy file, and its shape. */
function npyOf(bytes: Uint8Array<ArrayBuffer>) {
  const head = new DataView(bytes.buffer).getUint16(8, true), text = new TextDecoder().decode(bytes);
  const [, rows, columns] = text.match(/'shape': \((\d+), (\d+)\)/)!;
  return { shape: [Number(rows), Number(columns)], values: new Float32Array(bytes.buffer, 10 + head) };
}
const bitsOf = (values: Iterable<number>) => new Uint32Array(Float32Array.from(values).buffer);

Deno.test(
  {
    name: "an embed job's rows are those of /v1/embeddings, to the bit, in each format",
    sanitizeOps: false, // the server and its children outlive steps; the last ends them
    sanitizeResources: false,
  },
  () =>
    scene({ arch: "cifar_resnet8", px: PX }, async ({ server, dataset, checkpoint, submit, until, file }) => {
      for (const normalize of [false, true]) {
        const job = await submit({ checkpoint, normalize }), { result, progress } = await until(job, ended);
        const { files, ...told } = result!;
        assertEquals(told, {
          ...{ checkpoint, split: null, format: "npy", normalize, images: IMAGES, dim: 64, px: PX },
        });
        assertEquals(files.map(({ name }) => name), ["embeddings.npy", "ids.jsonl"]);
        assertEquals([progress!.step, progress!.total_steps], [IMAGES, IMAGES]);
        assert(progress!.images_per_s > 0);
        const { shape, values } = npyOf(await file(job, "embeddings.npy"));
        assertEquals(shape, [IMAGES, 64]);
        const lines = new TextDecoder().decode(await file(job, "ids.jsonl")).trimEnd().split("\n")
          .map((line) => JSON.parse(line));
        assertEquals(lines.map(({ id }) => id), Array.from({ length: IMAGES }, (_, n) => n));
        const asked = [0, 1, 2, 127, 128, 500, IMAGES - 1];
        const input = await Promise.all(
          asked.map(async (n) =>
            (await (await server.fetch(`/v1/datasets/${dataset}/items/${n}/image`)).bytes()).toBase64()
          ),
        );
        const { data } = await (await server.post("/v1/embeddings", { model: checkpoint, input, normalize }))
          .json();
        for (const [i, n] of asked.entries()) {
          assertEquals(
            bitsOf(data[i].embedding),
            bitsOf(values.subarray(64 * n, 64 * (n + 1))),
            `image ${n}`,
          );
        }
        const part = await server.fetch(`/v1/jobs/${job}/files/embeddings.npy`, {
          headers: { Range: "bytes=-256" },
        });
        assertEquals([part.status, bitsOf(new Float32Array((await part.bytes()).buffer))], [
          206,
          bitsOf(values.subarray(-64)),
        ]);
      }
      const whole = await submit({ checkpoint }), parquet = await submit({ checkpoint, format: "parquet" });
      const csv = await submit({ checkpoint, format: "csv", split: "test" });
      for (const job of [whole, parquet, csv]) await until(job, ended);
      const { values } = npyOf(await file(whole, "embeddings.npy"));
      const read = await parquetReadObjects({ file: (await file(parquet, "embeddings.parquet")).buffer });
      assertEquals(read.length, IMAGES);
      for (const { id, path, split, label, embedding } of read) {
        assertEquals(bitsOf(embedding), bitsOf(values.subarray(64 * id, 64 * (id + 1))), `image ${id}`);
        const [of, folder] = path.split("/");
        assertEquals([split, label ?? null], [of, of === "train" ? folder : null]);
      }
      const [, ...lines] = new TextDecoder().decode(await file(csv, "embeddings.csv")).trimEnd().split(
        "\r\n",
      );
      assertEquals(lines.length, read.filter(({ split }) => split === "test").length);
      for (const line of lines) {
        const [id, path, split, , ...cells] = line.split(",");
        assertEquals([path.split("/")[0], split], ["test", "test"]);
        const at = 64 * Number(id);
        assertEquals(bitsOf(cells.map(Number)), bitsOf(values.subarray(at, at + 64)), `image ${id}`);
      }
    }),
);

Deno.test({
  name:
    "an embed job that is paused, whose worker or server is killed, ends with the bits of one that was not",
  sanitizeOps: false,
  sanitizeResources: false,
}, () =>
  // Enough work to be interrupted in: some 3 s of two cores.
  scene({ arch: "cifar_resnet20", px: 48 }, async (scene, dataDir) => {
    const { checkpoint, submit, until, file } = scene;
    const act = async (job: string, verb: string) => {
      const response = await scene.server.post(`/v1/jobs/${job}/${verb}`, undefined);
      assertEquals(response.status, 200, JSON.stringify(await response.json()));
    };
    const reached = (job: string, step: number) =>
      until(job, ({ progress, status }) => {
        assert(!["succeeded", "cancelled"].includes(status), "the job is over before it was interrupted");
        return (progress?.step ?? 0) >= step;
      });
    const standing = async (job: string): Promise<number> => {
      try {
        return JSON.parse(await Deno.readTextFile(`${dataDir}/results/.${job}.tmp/standing.json`)).kept;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return 0;
        throw error;
      }
    };
    const kept = (job: string, more: number) =>
      scene.server.until(() => standing(job), (rows) => rows >= more || rows === IMAGES);
    for (const [format, name] of [["npy", "embeddings.npy"], ["parquet", "embeddings.parquet"]]) {
      const undisturbed = await submit({ checkpoint, format });
      await until(undisturbed, ended);
      const expected = await file(undisturbed, name), job = await submit({ checkpoint, format });
      await reached(job, 1);
      await act(job, "pause");
      const first = await kept(job, 1);
      assert(first < IMAGES);
      await act(job, "resume");
      await reached(job, first + 1); // it goes on from there
      Deno.kill(await scene.server.until(() => scene.server.child("train"), isAlive), "SIGKILL");
      assert(await standing(job) >= first);
      await until(job, ({ status }) => status === "running");
      await scene.server.crash();
      assert(await standing(job) >= first);
      scene.server = await TestServer.start(dataDir);
      await reached(job, 1);
      await scene.server.stop(); // in order: it keeps what it has
      const last = await standing(job);
      assert(last >= first);
      scene.server = await TestServer.start(dataDir);
      const { progress } = await until(job, ended);
      assertEquals(progress!.step, IMAGES);
      assertEquals(await file(job, name), expected, format);
      const steps = (await scene.server.json(`/v1/jobs/${job}/metrics`)).data as { step: number }[];
      assertEquals(steps.map(({ step }) => step), steps.map(({ step }) => step).toSorted((a, b) => a - b));
    }
    const cancelled = await submit({ checkpoint });
    await reached(cancelled, 1);
    await act(cancelled, "cancel");
    const names = () => [...Deno.readDirSync(`${dataDir}/results`)].map(({ name }) => name);
    await scene.server.until(
      () => Promise.resolve(names()),
      (all) => !all.some((name) => name.includes(cancelled)),
    );
    assertEquals((await scene.server.json(`/v1/jobs/${cancelled}/files`)).data, []);
  }));
