// finetune jobs over HTTP: what they learn, PyTorch's five steps, what is refused, and that interruptions change no bit.
import { assert, assertEquals } from "@std/assert";
import { packTar, unpackTar } from "modern-tar";
import { standIns } from "./photographs.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { TestServer } from "./server.ts";

interface Checkpoint {
  id: string;
  step: number;
  files: { name: string; sha256: string }[];
}
/** f32 against float64 over five steps, of a tensor's norm. */
const TOLERANCE = 1e-4;
const ARCH = { arch: "cifar_resnet8", px: 16 };
const python = await pythonWithTorch(),
  missing = python ? "" : ": no python3 with torch, numpy and Pillow is here";

Deno.test({
  name: "finetune jobs",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-finetune-" }), tar = await standIns();
  const server = await TestServer.start(`${directory}/data`);
  const upload = async (body: Uint8Array<ArrayBuffer>): Promise<string> => {
    const headers = { "Content-Type": "application/x-tar" };
    const { id } = await (await server.fetch("/v1/datasets?name=toy", { method: "POST", headers, body }))
      .json();
    await server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status === "ready");
    return id;
  };
  const dataset = await upload(tar);
  const submit = async (kind: string, config: object, of = dataset): Promise<string> => {
    const response = await server.post("/v1/jobs", { kind, dataset: of, config }),
      body = await response.json();
    assertEquals(response.status, 202, JSON.stringify(body));
    return body.id;
  };
  const ask = (job: string) => server.json(`/v1/jobs/${job}`);
  const end = async (job: string) => {
    const ended = await server.until(
      () => ask(job),
      ({ status }) => ["succeeded", "failed"].includes(status),
      300,
    );
    assertEquals(ended.status, "succeeded", JSON.stringify(ended.error));
    return ended;
  };
  const checkpointsOf = async (job: string): Promise<Checkpoint[]> => {
    const { data } = await server.json(`/v1/jobs/${job}/checkpoints`) as unknown as { data: Checkpoint[] };
    return data.toSorted((a, b) => a.step - b.step);
  };
  const file = async (checkpoint: string, name: string): Promise<Uint8Array<ArrayBuffer>> =>
    await (await server.fetch(`/v1/checkpoints/${checkpoint}/files/${name}`)).bytes();
  const json = async (checkpoint: string, name: string) =>
    JSON.parse(new TextDecoder().decode(await file(checkpoint, name)));
  const hashesOf = ({ files }: Checkpoint) =>
    Object.fromEntries(files.map(({ name, sha256 }) => [name, sha256]));

  const heads = { projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } };
  const pretrained = await submit("pretrain", { ...ARCH, ...heads, batch: 16, steps: 2, evaluate: null });
  await end(pretrained);
  const init = (await checkpointsOf(pretrained)).at(-1)!, before = hashesOf(init);

  let classifier = "";
  await context.step("a sweep finds a rate, and the classifier tells discs from stripes", async () => {
    const config = { init: init.id, label_fraction: 1, batch: 16, base_lr: [1e-5, 0.5], steps: [100] };
    const job = await end(await submit("finetune", config)),
      result = job.result as {
        checkpoint: string;
        top1: number;
        mean_per_class: number;
        per_class: Record<string, number>;
        trials: { base_lr: number; validation_top1: number }[];
        protocol: { labels: number; validation_images: number; chosen: { base_lr: number; steps: number } };
      };
    assert(result.top1 >= 0.8, JSON.stringify(result));
    assertEquals(result.trials.map(({ base_lr }) => base_lr), [1e-5, 0.5]);
    assertEquals([result.protocol.labels, result.protocol.validation_images], [96, 20]);
    assertEquals(result.protocol.chosen.base_lr, 0.5);
    assertEquals(Object.keys(result.per_class), ["disc", "stripes"]);
    const last = (await checkpointsOf(job.id as string)).at(-1)!;
    assertEquals([last.id, last.step], [result.checkpoint, 300]);
    classifier = last.id;
    assertEquals(await json(last.id, "labels.json"), ["disc", "stripes"]);
    assertEquals((await json(last.id, "config.json")).num_classes, 2);
    const { labels } = await json(last.id, "state.json") as {
      labels: { train: number[]; validation: number[] };
    };
    assertEquals(new Set([...labels.train, ...labels.validation]).size, 96);
    const listed = await (await server.fetch(`/v1/jobs/${job.id}/files/labels.jsonl`)).text();
    const lines = listed.trimEnd().split("\n").map((line) => JSON.parse(line));
    const used = (use: string) => lines.filter((line) => line.use === use).map(({ n }) => n);
    assertEquals([used("train"), used("validation")], [labels.train, labels.validation]);
    assert(lines.every((line) => line.path.startsWith(`train/${line.class}/`)), listed);
    assertEquals((job.config as { validation: number }).validation, 0.2);
    assertEquals(hashesOf((await checkpointsOf(pretrained)).at(-1)!), before);
    // The same again by what the job shows of itself.
    const again = await end(await submit("finetune", job.config as object));
    assertEquals((again.result as { top1: number }).top1, result.top1);
  });

  await context.step("from scratch it learns too, by the same labels", async () => {
    const config = { ...ARCH, init: null, label_fraction: 1, batch: 16, base_lr: [0.5], steps: [100] };
    const { result } = await end(await submit("finetune", config)) as unknown as { result: { top1: number } };
    assert(result.top1 > 0.6, JSON.stringify(result));
  });

  for (const freeze of [null, "stem", "layer1", "layer3"]) {
    await context.step({
      name: `five steps agree with PyTorch's, frozen: ${freeze}${missing}`,
      ignore: missing !== "",
      fn: async () => {
        const job = await submit("finetune", {
          ...{ init: init.id, px: 8, labels_per_class: 8, validation: null, batch: 16, steps: [5] },
          ...{ base_lr: [0.8], weight_decay: 1e-3, augmentation: "none", freeze, label_seed: 3 },
        });
        const { config } = await end(job), [first, last] = await checkpointsOf(job);
        const paths: string[] = [];
        for (const [i, { id }] of [first, last].entries()) {
          paths.push(`${directory}/${freeze}-${i}.safetensors`);
          await Deno.writeFile(paths[i], await file(id, "training_state.safetensors"));
        }
        const { labels: { train } } = await json(last.id, "state.json") as { labels: { train: number[] } };
        const { data: items } = await server.json(`/v1/datasets/${dataset}/items?limit=1000`) as unknown as {
          data: { n: number; path: string; class: string }[];
        };
        const chosen = train.map((n) => items.find((item) => item.n === n)!), names = ["disc", "stripes"];
        assertEquals(chosen.length, 16);
        const images = await Promise.all(chosen.map(async ({ path, n }) => {
          const entry = (await unpackTar(tar)).find(({ header }) => header.name === path)!;
          await Deno.writeFile(`${directory}/${n}.png`, entry.data!);
          return `${directory}/${n}.png`;
        }));
        const labels = chosen.map((item) => names.indexOf(item.class));
        const described = { start: paths[0], end: paths[1], images, labels, config, steps: 5, base_lr: 0.8 };
        await Deno.writeTextFile(`${directory}/job.json`, JSON.stringify(described));
        const script = new URL("./finetune_parity.py", import.meta.url);
        const { tensors, margin, worst } = await runPython(python!, script, [`${directory}/job.json`]) as {
          tensors: number;
          margin: number;
          worst: [error: number, name: string][];
        };
        assert(tensors > 60, `only ${tensors} tensors were compared`);
        const close = `rectifiers come as near as ${margin} to 0`;
        assert(worst[0][0] <= TOLERANCE, `differs most: ${JSON.stringify(worst)}; ${close}`);
      },
    });
  }

  await context.step("interrupted runs end with the bits of one that was not", async () => {
    const config = {
      ...{ init: init.id, label_fraction: 0.5, batch: 12, base_lr: [0.1, 0.2], steps: [40] },
      ...{ weight_decay: 1e-3, freeze: "stem", checkpoint: { every_steps: 7, keep_last: 2 } },
    };
    const endOf = async (job: string) => {
      const { result, attempt } = await end(job) as unknown as { result: unknown; attempt: number },
        last = hashesOf((await checkpointsOf(job)).at(-1)!);
      const { trials, top1 } = result as { trials: unknown; top1: number };
      const names = ["training_state.safetensors", "model.safetensors"];
      return { hashes: names.map((name) => last[name]), trials, top1, attempt };
    };
    const reached = (job: string, step: number) =>
      server.until(
        () => ask(job),
        ({ status, progress }) =>
          status === "succeeded" || (progress as { step: number } | null ?? { step: 0 }).step >= step,
      );
    const { attempt, ...whole } = await endOf(await submit("finetune", { ...config, seed: 0 }));
    assertEquals(attempt, 1);
    // Not the same body within a minute, which would be the same job while it runs: those have ended.
    const killed = await submit("finetune", config);
    for (const step of [10, 55, 100]) {
      await reached(killed, step);
      if ((await ask(killed)).status === "running") Deno.kill(await server.child("train"), "SIGKILL");
      await server.until(() => ask(killed), ({ status }) => status !== "running" || true);
    }
    const { attempt: attempts, ...afterKills } = await endOf(killed);
    assertEquals(afterKills, whole);
    assert(attempts > 1, "nothing was killed");
    const paused = await submit("finetune", config);
    for (const step of [3, 45, 95]) {
      await reached(paused, step);
      const response = await server.post(`/v1/jobs/${paused}/pause`, undefined);
      await response.body?.cancel();
      if (response.status === 409) break; // it was faster
      assertEquals((await server.json(`/v1/jobs/${paused}/resume`, { method: "POST" })).status, "queued");
    }
    const { attempt: _, ...afterPauses } = await endOf(paused);
    assertEquals(afterPauses, whole);
  });

  await context.step("a cancelled job ends, and keeps nothing more", async () => {
    const config = { init: init.id, label_fraction: 0.5, batch: 12, base_lr: [0.1], steps: [100_000] };
    const job = await submit("finetune", config);
    await server.until(() => ask(job), ({ progress }) => progress !== null);
    assertEquals((await server.json(`/v1/jobs/${job}/cancel`, { method: "POST" })).status, "cancelled");
  });

  await context.step(
    "a rate that diverges is not chosen; where nothing else is left, the job fails",
    async () => {
      // So much decay makes every weight five times what it was, of another sign, each step.
      const config = { init: init.id, label_fraction: 1, batch: 16, weight_decay: 1, steps: [80] };
      const { result } = await end(
        await submit("finetune", { ...config, base_lr: [100, 0.05] }),
      ) as unknown as {
        result: { trials: { validation_top1: number | null }[]; protocol: { chosen: { base_lr: number } } };
      };
      assertEquals(result.trials[0].validation_top1, null);
      assertEquals(result.protocol.chosen.base_lr, 0.05);
      const alone = await submit("finetune", { ...config, base_lr: [100], validation: null });
      const failed = await server.until(
        () => ask(alone),
        ({ status }) => ["succeeded", "failed"].includes(status),
      );
      assertEquals([failed.status, (failed.error as { code: string }).code], ["failed", "diverged"]);
    },
  );

  await context.step(
    "a classifier's encoder can be fine-tuned again, and is no beginning for BYOL",
    async () => {
      const again = { init: classifier, labels_per_class: 4, batch: 8, base_lr: [0.1], steps: [1] };
      await end(await submit("finetune", again));
      const config = { ...ARCH, ...heads, batch: 16, steps: 1, init: classifier };
      const response = await server.post("/v1/jobs", { kind: "pretrain", dataset, config });
      const { errors } = await response.json() as { errors: { pointer: string }[] };
      assertEquals([response.status, errors.map(({ pointer }) => pointer)], [422, ["#/config/init"]]);
    },
  );

  await context.step("what cannot be meant is a 422 before anything trains", async () => {
    const entries = (await unpackTar(tar)).filter(({ data }) => data);
    const renamed = async (as: (name: string) => string) =>
      await upload(
        await packTar(entries.map(({ header: { name }, data }) => ({
          header: { name: as(name), size: data!.length },
          body: data!,
        }))),
      );
    const unlabelled = await renamed((name) => name.replaceAll("/", "-"));
    const other = await renamed((name) => name.replace("test/stripes", "test/spots"));
    const sound = { init: init.id, label_fraction: 0.5, batch: 12 };
    const cases: [config: object, pointers: string[], of?: string][] = [
      [sound, ["#/config/split", "#/config/test_split"], unlabelled],
      [sound, ["#/config/test_split"], other],
      [{ ...sound, label_fraction: 0.01 }, ["#/config/label_fraction"]],
      [{ ...sound, label_fraction: 1.2 }, ["#/config/label_fraction"]],
      [{ ...sound, labels_per_class: 3 }, ["#/config/label_fraction"]],
      [{ init: init.id, labels_per_class: 49 }, ["#/config/labels_per_class"]],
      [{ init: init.id, labels_per_class: 1 }, ["#/config/validation"]],
      [{ init: init.id }, ["#/config/label_fraction"]],
      [{ ...sound, batch: 64 }, ["#/config/batch"]],
      [{ ...sound, arch: "cifar_resnet20" }, ["#/config/init"]],
      [{ ...sound, init: "ckpt_01ARZ3NDEKTSV4RRFFQ69G5FAV" }, ["#/config/init"]],
      [{ label_fraction: 0.5, init: null }, ["#/config/arch"]],
      [{ ...sound, split: "trian" }, ["#/config/split"]],
      [{ ...sound, validation: "val" }, ["#/config/validation"]],
      [{ ...sound, validation: null }, ["#/config/validation"]],
      [{ ...sound, freeze: "layer4" }, ["#/config/freeze"]],
      [{ ...sound, epochs: [1], steps: [1] }, ["#/config/epochs"]],
    ];
    for (const [config, pointers, of = dataset] of cases) {
      const response = await server.post("/v1/jobs", { kind: "finetune", dataset: of, config });
      const { errors } = await response.json() as { errors: { pointer: string }[] };
      assertEquals(response.status, 422, JSON.stringify(config));
      assertEquals(errors.map(({ pointer }) => pointer).sort(), pointers, JSON.stringify({ config, errors }));
    }
  });

  await server.stop();
  await Deno.remove(directory, { recursive: true });
});
