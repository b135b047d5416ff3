// Five steps of a job, asked for over HTTP, against PyTorch from the same first checkpoint.
import { assert, assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { packTar, unpackTar } from "modern-tar";
import { epochOrder } from "../../src/data/sampler.ts";
import { photographs } from "./photographs.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { TestServer } from "./server.ts";

const ORACLE = fromFileUrl(new URL("../../../shared/oracle", import.meta.url));
const IMAGES = 32, STEPS = 5, SEED = 0;
/**
 * Of a tensor's norm: f32 against float64 over five steps. A rectifier whose input is as near to 0 as rounding errors are
 * lets a gradient through here and not there, and that alone is some 1e-3 of a gradient: images of eight pixels, and a seed,
 * keep all inputs away from it.
 */
const TOLERANCE = 1e-4;

const python = await pythonWithTorch();
const hasOracle = await Deno.stat(ORACLE).then(() => true, () => false);
const missing = [
  ...(python ? [] : ["no python3 with torch, numpy and Pillow is here"]),
  ...(hasOracle ? [] : ["the reference implementation is not here"]),
].join(", and ");

Deno.test({
  name: `a job's training state agrees with PyTorch's${missing && `: ${missing}`}`,
  ignore: missing !== "",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-parity-" });
  const server = await TestServer.start(`${directory}/data`);
  const { tar } = await photographs();
  const pictures = (await unpackTar(tar)).filter(({ header, data }) => data && header.name.includes("train/"))
    .slice(0, IMAGES);
  await Deno.mkdir(`${directory}/images`);
  const entries = pictures.map(({ data }, i) => {
    Deno.writeFileSync(`${directory}/images/${i}.png`, data!);
    return { header: { name: `train/photographs/${i}.png`, size: data!.length }, body: data! };
  });
  const created = await server.fetch("/v1/datasets?name=parity", {
    method: "POST",
    headers: { "Content-Type": "application/x-tar" },
    body: await packTar(entries),
  });
  const { id: dataset } = await created.json();
  const ready = await server.until(
    () => server.json(`/v1/datasets/${dataset}`),
    ({ status }) => status !== "ingesting",
  );
  assertEquals(ready.status, "ready");
  const { data: items } = await server.json(`/v1/datasets/${dataset}/items?limit=100`) as unknown as {
    data: { n: number; path: string }[];
  };
  const orders = Array.from(
    { length: STEPS },
    (_, epoch) =>
      [...epochOrder(SEED, epoch, Uint32Array.from({ length: IMAGES }, (_, n) => n))]
        .map((n) => items.find((item) => item.n === n)!.path.split("/").at(-1)!),
  );

  for (
    const [optimizer, more] of [
      [{ name: "lars", base_lr: 4, weight_decay: 1e-4 }, {}],
      [{ name: "sgd", base_lr: 0.4, weight_decay: 1e-4 }, {}],
      [{ name: "lars", base_lr: 4, weight_decay: 1e-4 }, { micro_batch: 16 }],
      [{ name: "sgd", base_lr: 0.4, weight_decay: 1e-4 }, { micro_batch: 16 }],
    ] as const
  ) {
    const config = {
      ...{ arch: "cifar_resnet8", px: 8, batch: IMAGES, steps: STEPS, seed: SEED, augmentation: "none" },
      ...{ projector: { hidden: 64, out: 32 }, predictor: { hidden: 64 }, tau: 0.9 },
      ...{ optimizer: { ...optimizer, warmup_epochs: 0 }, ...more },
    };
    await context.step(`${config.arch}, ${optimizer.name}, ${JSON.stringify(more)}`, async () => {
      const submitted = await server.post("/v1/jobs", { kind: "pretrain", dataset, config });
      const { id } = await submitted.json();
      const job = await server.until(
        () => server.json(`/v1/jobs/${id}`),
        ({ status }) => ["succeeded", "failed"].includes(status),
        300,
      );
      assertEquals(job.status, "succeeded", JSON.stringify(job.error));
      const { data } = await server.json(`/v1/jobs/${id}/checkpoints`) as unknown as {
        data: { id: string; step: number }[];
      };
      const [start, end] = await Promise.all([0, STEPS].map(async (step) => {
        const checkpoint = data.find((checkpoint) => checkpoint.step === step)!.id;
        const file = await server.fetch(`/v1/checkpoints/${checkpoint}/files/training_state.safetensors`);
        await Deno.writeFile(`${directory}/${checkpoint}`, await file.bytes());
        return `${directory}/${checkpoint}`;
      }));
      const images = `${directory}/images`, shown = { ...job.config as object, total_steps: STEPS };
      await Deno.writeTextFile(
        `${directory}/job.json`,
        JSON.stringify({ start, end, images, orders, config: shown }),
      );
      const script = new URL("./byol_parity.py", import.meta.url);
      const { tensors, margin, worst } = await runPython(python!, script, [
        ORACLE,
        `${directory}/job.json`,
      ]) as {
        tensors: number;
        margin: number;
        worst: [error: number, name: string][];
      };
      assert(tensors > 100, `only ${tensors} tensors were compared`);
      assert(
        worst[0][0] <= TOLERANCE,
        `differs most: ${JSON.stringify(worst)}; rectifiers come as near as ${margin} to 0`,
      );
    });
  }
  await server.stop();
  await Deno.remove(directory, { recursive: true });
});
