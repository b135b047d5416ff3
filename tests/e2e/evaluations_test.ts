import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { unpackTar } from "modern-tar";
import { decodeImage } from "../../src/data/decode.ts";
import type { Checkpoint } from "../../src/domain/checkpoint.ts";
import type { JobFile } from "../../src/domain/job_file.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { standIns } from "./photographs.ts";
import { TestServer } from "./server.ts";

const PRETRAIN = {
  ...{ arch: "cifar_resnet8", px: 32, batch: 16, steps: 12, evaluate: { k: 5, split: "test" } },
  ...{ projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } },
};
type Result = Record<string, number> & {
  by_k: { k: number; top1: number }[];
  sweep: Record<string, number>[];
  per_class: Record<string, number>;
  preprocessing: Record<string, number>;
  quality: Record<string, number> & { protocol: Record<string, unknown> };
  files: JobFile[];
};

Deno.test({
  name: "evaluations: k-NN, linear probes and label-free quality of a checkpoint, which stays as it is",
  // The server and its children outlive requests; the end of the test ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (t) => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-evaluations-" });
  const server = await TestServer.start(dataDir);
  try {
    const tar = await standIns();
    const headers = { "Content-Type": "application/x-tar" };
    const { id: dataset } = await server.json("/v1/datasets?name=shapes", {
      method: "POST",
      headers,
      body: tar,
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const run = async (kind: string, config: unknown) => {
      const response = await server.post("/v1/jobs", { kind, dataset, config }), body = await response.json();
      assertEquals(response.status, 202, JSON.stringify(body));
      const job = await server.until(
        () => server.json(`/v1/jobs/${body.id}`),
        ({ status }) => ["succeeded", "failed"].includes(status),
      );
      assertEquals(job.status, "succeeded", JSON.stringify(job));
      return job as unknown as { id: string; result: Result; config: Record<string, unknown> };
    };
    const fileOf = async (job: { id: string }, name: string) =>
      await (await server.fetch(`/v1/jobs/${job.id}/files/${name}`)).text();
    const filesOf = async (id: string) => {
      const folder = `${dataDir}/checkpoints/${id}`, hashes: Record<string, string> = {};
      for await (const { name } of Deno.readDir(folder)) {
        const bytes = await Deno.readFile(`${folder}/${name}`);
        hashes[name] = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
      }
      return hashes;
    };
    const pretrained = await run("pretrain", PRETRAIN);
    const checkpoint = String(pretrained.result.checkpoint), before = await filesOf(checkpoint);

    await t.step(
      "k-NN for several k gives each its accuracy, the classes' own, and what was taken for what",
      async () => {
        const job = await run("knn", { checkpoint, k: [5, 1, 96], quality: true }), { result } = job;
        assertEquals(result.by_k.map(({ k }) => k), [5, 1, 96]);
        assertEquals([result.top1, result.bank, result.queries], [result.by_k[0].top1, 96, 16]);
        assertEquals(result.preprocessing, { px: 32, images: 112, resized: 0 });
        assertEquals(result.files.map(({ name }) => name), ["confusion.csv", "per_class.csv"]);
        const [disc, stripes] = (await fileOf(job, "confusion.csv")).split("\r\n").slice(1, 3)
          .map((line) => line.split(",").slice(1).map(Number));
        assertEquals(disc[0] + disc[1] + stripes[0] + stripes[1], 16);
        assertEquals((disc[0] + stripes[1]) / 16, result.top1);
        assertEquals(result.per_class, { disc: disc[0] / 8, stripes: stripes[1] / 8 });
        const { rankme, uniformity, alignment, feature_std, protocol } = result.quality;
        assert(
          rankme > 1 && rankme <= 16 && uniformity < 0 && uniformity > -8,
          JSON.stringify(result.quality),
        );
        assert(alignment > 0 && alignment < 4 && feature_std > 0 && feature_std < 1 / Math.sqrt(64));
        assertEquals([protocol.split, protocol.images, protocol.alignment_images], ["test", 16, 16]);
      },
    );

    await t.step("quality needs no labels: an embed job tells it of all images", async () => {
      const { result } = await run("embed", { checkpoint, quality: true });
      const { rankme, alignment, protocol } = result.quality;
      assert(rankme > 1 && rankme <= 64 && alignment > 0 && alignment < 4, JSON.stringify(result.quality));
      assertEquals([protocol.split, protocol.images], [null, 112]);
      await run("embed", { checkpoint }); // is no evaluation
    });

    const python = await pythonWithTorch("numpy");
    await t.step({
      name: `NumPy comes to the same votes from the downloaded checkpoint${
        python ? "" : " (skipped: no numpy)"
      }`,
      ignore: !python,
      async fn() {
        const folder = await Deno.makeTempDir({ prefix: "knn-in-numpy-" });
        for (const name of ["model.safetensors", "config.json"]) {
          const answer = await server.fetch(`/v1/checkpoints/${checkpoint}/files/${name}`);
          await Deno.writeFile(`${folder}/${name}`, await answer.bytes());
        }
        const images = (await unpackTar(tar)).filter(({ data }) => data), pixels: number[] = [];
        for (const { data } of images) pixels.push(...(await decodeImage(data!)).pixels);
        await Deno.writeFile(`${folder}/pixels.bin`, Uint8Array.from(pixels));
        await Deno.writeTextFile(
          `${folder}/paths.json`,
          JSON.stringify(images.map(({ header }) => header.name)),
        );
        const script = new URL("knn_in_numpy.py", import.meta.url);
        for (const k of [1, 5, 20, 96]) {
          const theirs = await runPython(python!, script, [folder, String(k), "0.1"]);
          const job = await run("knn", { checkpoint, k });
          const ours = (await fileOf(job, "confusion.csv")).trim().split("\r\n").slice(1)
            .map((line) => line.split(",").slice(1).map(Number));
          assertEquals(ours, theirs, `k ${k}`);
        }
        await Deno.remove(folder, { recursive: true });
      },
    });

    const probes = {
      lbfgs: { checkpoint, lbfgs: { lambdas: [1e-3, 1, 100] }, validation: 0.2 },
      sgd: { checkpoint, protocol: "sgd", sgd: { rates: [0.4, 0.05], epochs: 3 }, quality: true, seed: 3 },
    };
    for (const [protocol, config] of Object.entries(probes)) {
      await t.step(
        `a linear probe by ${protocol} ends the same each time, and leaves a classifier`,
        async () => {
          const job = await run("linear_probe", config),
            { result } = job,
            again = await run("linear_probe", config);
          assertEquals(result.sweep.length, protocol === "sgd" ? 2 : 3);
          const { checkpoint: made, ...rest } = result, { checkpoint: other, ...others } = again.result;
          assertEquals(others, rest);
          assertEquals([result.test_images, result.top5, result.classes], [16, 1, 2]);
          assertEquals(Number(result.train_images) + Number(result.validation_images), 96);
          assertEquals(result.from_checkpoint as unknown, checkpoint);
          const found = await server.json(`/v1/checkpoints/${made}`) as unknown as Checkpoint;
          assertEquals([found.job, found.metrics.top1], [job.id, result.top1]);
          const hash = (files: Checkpoint["files"]) =>
            files.find(({ name }) => name === "model.safetensors")!.sha256;
          const twin = await server.json(`/v1/checkpoints/${other}`) as unknown as Checkpoint;
          assertEquals(hash(twin.files), hash(found.files));
          const labels = await server.fetch(`/v1/checkpoints/${made}/files/labels.json`);
          assertEquals(await labels.json(), ["disc", "stripes"]);
          assert((await fileOf(job, "confusion.csv")).startsWith("class,disc,stripes\r\n"));
          assertAlmostEquals(
            Number(result.mean_per_class),
            Object.values(result.per_class).reduce((a, b) => a + b) / 2,
          );
        },
      );
    }

    await t.step(
      "a probe that was paused, and one whose worker was killed, end as one that was not",
      async () => {
        const config = { checkpoint, protocol: "sgd", sgd: { rates: [0.2], epochs: 6 }, seed: 4 };
        const { checkpoint: _, ...whole } = (await run("linear_probe", config)).result;
        const { id } = await (await server.post("/v1/jobs", { kind: "linear_probe", dataset, config }))
          .json();
        const started = (of: Record<string, unknown>) => (of.progress as { step: number } | null)?.step ?? 0;
        const under = () => server.until(() => server.json(`/v1/jobs/${id}`), (job) => started(job) > 100);
        await under();
        Deno.kill(await server.child("train"), "SIGKILL");
        await server.until(() => server.json(`/v1/jobs/${id}`), (job) => Number(job.attempt) === 2);
        await under();
        await server.post(`/v1/jobs/${id}/pause`, {});
        assertEquals((await server.json(`/v1/jobs/${id}`)).status, "paused");
        await server.post(`/v1/jobs/${id}/resume`, {});
        const ended = await server.until(
          () => server.json(`/v1/jobs/${id}`),
          ({ status }) => status === "succeeded",
        );
        const { checkpoint: __, ...result } = ended.result as Record<string, unknown>;
        assertEquals(result, whole as unknown);
      },
    );

    await t.step("all of it stands in one table, for programs and for people", async () => {
      const { data } = await server.json(`/v1/checkpoints/${checkpoint}/evaluations`) as unknown as {
        data: { kind: string; metrics: Record<string, number>; protocol: Record<string, unknown> }[];
      };
      const kinds = data.map(({ kind }) => kind);
      assertEquals(kinds.filter((kind) => kind === "linear_probe").length, 6);
      assert(kinds.filter((kind) => kind === "knn").length >= 3 && kinds.includes("online_knn"), `${kinds}`);
      assertEquals(kinds.filter((kind) => kind === "embed").length, 1);
      const shares = data.filter(({ kind }) => kind !== "embed").map(({ metrics }) => metrics.top1);
      assert(shares.every((top1) => top1 >= 0 && top1 <= 1), `${shares}`);
      const answer = await server.fetch(`/v1/checkpoints/${checkpoint}/evaluations`, {
        headers: { Accept: "text/markdown" },
      });
      assertEquals(answer.headers.get("Content-Type"), "text/markdown; charset=utf-8");
      const lines = (await answer.text()).trim().split("\n");
      assertEquals(lines.length, data.length + 2);
      assert(
        lines[0].startsWith("| checkpoint | step | kind |") && /^\|( -+:? \|)+$/.test(lines[1]),
        lines.join("\n"),
      );
      const ofRun = await server.json(`/v1/jobs/${pretrained.id}/evaluations`) as unknown as {
        data: { step: number }[];
      };
      assertEquals(new Set(ofRun.data.map(({ step }) => step)), new Set([0, 12])); // as they were before, too
    });

    await t.step("what was evaluated is as it was, to the byte", async () => {
      assertEquals(await filesOf(checkpoint), before);
    });
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
