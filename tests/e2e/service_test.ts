import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { unpackTar } from "modern-tar";
import OpenAI from "openai";
import { photographs } from "./photographs.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { isAlive, TestServer } from "./server.ts";

/** What this file reads of the API's answers. */
interface Checkpoint {
  id: string;
  step: number;
  files: { name: string; bytes: number; sha256: string }[];
}

const CONFIG = {
  ...{ arch: "cifar_resnet8", px: 16, batch: 16, steps: 16 },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
  ...{ optimizer: { name: "lars", base_lr: 4, warmup_epochs: 0 }, checkpoint: { every_steps: 8 } },
  evaluate: null, // it embeds 6,000 photographs
};

/** What the second server lets a job take: enough for CONFIG, and for a resnet18 with a few images. */
const MEMORY_BYTES = 220e6;

const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-" });
const { tar, source } = await photographs();
let server: TestServer, dataset: string, checkpoints: Checkpoint[];

const upload = async (name: string, body: BodyInit): Promise<Response> =>
  await server.fetch(`/v1/datasets?name=${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/x-tar" },
    body,
  });
const settled = (id: string) =>
  server.until(() => server.json(`/v1/datasets/${id}`), ({ status }) => status !== "ingesting");
const ended = (id: string) =>
  server.until(
    () => server.json(`/v1/jobs/${id}`),
    ({ status }) => ["succeeded", "failed", "cancelled"].includes(status),
    300,
  );
const submit = async (kind: string, config: unknown): Promise<string> => {
  const response = await server.post("/v1/jobs", { kind, dataset, config });
  assertEquals(response.status, 202, await response.clone().text());
  return (await response.json()).id;
};
const hex = (bytes: Uint8Array): string => bytes.toHex();
const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));

Deno.test({
  name: "service, end to end",
  // The server and its children outlive steps; the last step ends them.
  sanitizeOps: false,
  sanitizeResources: false,
}, async (context) => {
  // Each step builds on the ones before it: after a failure the rest would only repeat it.
  const step = async (name: string, run: () => Promise<void>) => {
    if (!await context.step(name, run)) throw new Error(`stopped at: ${name}`);
  };
  const skip = (name: string, reason: string) =>
    context.step({ name: `${name}: ${reason}`, ignore: true, fn: () => {} });
  server = await TestServer.start(dataDir, { MAX_UPLOAD_BYTES: String(tar.length + 1000) });

  await step(`a tar becomes a dataset (${source})`, async () => {
    const response = await upload("photos", tar);
    assertEquals(response.status, 201);
    const { id, status } = await response.json();
    assertEquals([status, response.headers.get("Location")], ["ingesting", `/v1/datasets/${id}`]);
    const ready = await settled(id) as unknown as {
      status: string;
      counts: { images: number; rejected: number };
      splits: Record<string, { images: number; classes: Record<string, number> }>;
    };
    const files = (await unpackTar(tar)).filter(({ header }) => header.type !== "directory").length;
    assertEquals(ready.status, "ready", JSON.stringify(ready));
    assertEquals([ready.counts.images, ready.counts.rejected], [files, 0]);
    const byClass = Object.values(ready.splits.train.classes).reduce((a, b) => a + b, 0);
    assertEquals(byClass, ready.splits.train.images);
    dataset = id;
  });

  await step("a pretrain job of 16 steps tells of its steps and keeps checkpoints", async () => {
    const job = await submit("pretrain", { ...CONFIG, evaluate: {} });
    const stream = await (await server.fetch(`/v1/jobs/${job}/events`)).text(); // it ends with the job
    const events = [...stream.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data));
    assertEquals(events.map(({ seq }) => seq), events.map((_, i) => i + 1));
    const statuses = events.filter(({ type }) => type === "status").map(({ data }) => data.status);
    assertEquals(statuses, ["queued", "running", "succeeded"]);
    const metrics = events.filter(({ type }) => type === "metrics").map(({ data }) => data);
    assertEquals(metrics.at(-1).step, 16);
    const [before, ...rows] = metrics, last = rows.at(-1);
    for (const { loss, projection_std } of rows) assert(loss > 0 && loss < 8 && projection_std > 0);
    // Labels were found, so accuracy is told as it was before training, and at the end.
    assertEquals([before.step, before.knn_k, last.knn_k], [0, 200, 200]);
    for (const { knn_top1, probe_top1 } of [before, last]) {
      assert(knn_top1 > 0 && knn_top1 <= 1 && probe_top1 >= 0 && probe_top1 <= 1, JSON.stringify(metrics));
    }
    for (
      const name of [
        "loss_view1",
        "gradient_norm",
        "parameter_norm",
        "mean_cosine",
        "target_cosine",
        "data_wait",
      ]
    ) {
      assert(Number.isFinite(last[name]), `${name} of ${JSON.stringify(last)}`);
    }

    const told = events.filter(({ type }) => type === "message").map(({ data }) => data.text);
    assert(/^A step will take [\d.]+ MiB of the GPU's memory: /.test(told[0]), told[0]);
    assert(/^After 0 epochs: k-NN top-1 0\.\d+ on test \(/.test(told[1]), told[1]);

    const list = await server.json(`/v1/jobs/${job}/checkpoints`) as unknown as { data: Checkpoint[] };
    checkpoints = list.data.toSorted((a, b) => a.step - b.step);
    assertEquals(checkpoints.map(({ step }) => step), [0, 8, 16]);
    const names = [
      "config.json",
      "manifest.json",
      "model.safetensors",
      "state.json",
      "training_state.safetensors",
    ];
    for (const { files } of checkpoints) assertEquals(files.map(({ name }) => name).sort(), names);
  });

  await step("a checkpoint's files are what its list says, whole and in parts", async () => {
    const { id, files } = checkpoints[2];
    for (const { name, bytes, sha256: listed } of files) {
      const response = await server.fetch(`/v1/checkpoints/${id}/files/${name}`),
        body = await response.bytes();
      assertEquals([body.length, await sha256(body)], [bytes, listed]);
      assertEquals(response.headers.get("ETag"), `"${listed}"`);
      const part = await server.fetch(`/v1/checkpoints/${id}/files/${name}`, {
        headers: { Range: "bytes=8-15" },
      });
      assertEquals([part.status, hex(await part.bytes())], [206, hex(body.slice(8, 16))]);
    }
  });

  await step(
    "the stock openai client embeds; an image's embedding does not depend on its company",
    async () => {
      await server.until(
        () => server.statusOf("/readyz"),
        (s) => s === 200,
      );
      const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
      const model = checkpoints[2].id;
      const pictures = (await unpackTar(tar)).filter(({ header, data }) =>
        data && header.name.includes("test/")
      )
        .slice(0, 9).map(({ data }) => `data:image/png;base64,${data!.toBase64()}`);
      const { data, usage } = await client.embeddings.create({ model, input: pictures });
      assertEquals(
        data.map(({ index, embedding }) => [index, embedding.length]),
        pictures.map((_, i) => [i, 64]),
      );
      assertEquals((usage as unknown as { images: number }).images, pictures.length);
      const alone = await client.embeddings.create({ model, input: pictures[8], encoding_format: "float" });
      assertEquals(alone.data[0].embedding.map(Math.fround), data[8].embedding.map(Math.fround));
      const first = await client.embeddings.create({ model: checkpoints[0].id, input: pictures[0] });
      assert(
        first.data[0].embedding.some((v, i) => Math.abs(v - data[0].embedding[i]) > 1e-4),
        "training changed nothing",
      );
      assert((await client.models.list()).data.some(({ id }) => id === model));

      const raw = await server.fetch(`/v1/embeddings?model=${model}`, {
        method: "POST",
        headers: { "Content-Type": "image/png", Accept: "application/x-npy" },
        body: Uint8Array.fromBase64(pictures[0].split(",")[1]),
      });
      const npy = await raw.bytes(), values = new Float32Array(npy.slice(-4 * 64).buffer);
      for (const [i, v] of values.entries()) assertAlmostEquals(v, data[0].embedding[i], 1e-6);
    },
  );

  const inPyTorch = "the downloaded files give the same embeddings in PyTorch",
    python = await pythonWithTorch();
  if (!python) await skip(inPyTorch, "no python3 with torch, numpy and Pillow is here");
  else {await step(inPyTorch, async () => {
      const directory = await Deno.makeTempDir({ prefix: "latentd-torch-" }), model = checkpoints[2].id;
      for (const name of ["model.safetensors", "config.json"]) {
        const bytes = await (await server.fetch(`/v1/checkpoints/${model}/files/${name}`)).bytes();
        await Deno.writeFile(`${directory}/${name}`, bytes);
      }
      const tests = (await unpackTar(tar)).filter(({ header, data }) =>
        data && header.name.includes("test/")
      );
      const pictures = tests.slice(0, 8).map(({ data }) => data!);
      const paths = pictures.map((_, i) => `${directory}/${i}.png`);
      for (const [i, path] of paths.entries()) await Deno.writeFile(path, pictures[i]);
      const script = new URL("./embed_in_torch.py", import.meta.url);
      const expected = await runPython(python, script, [directory, ...paths]) as number[][];
      const answer = await server.post("/v1/embeddings", { model, input: pictures.map((p) => p.toBase64()) });
      const { data } = await answer.json() as { data: { embedding: number[] }[] };
      assertEquals(expected.length, data.length);
      for (const [i, row] of expected.entries()) {
        const difference = Math.hypot(...row.map((v, d) => v - data[i].embedding[d])) / Math.hypot(...row);
        assert(difference <= 1e-5, `embedding ${i} differs by ${difference} of its norm`);
      }
      await Deno.remove(directory, { recursive: true });
    });}

  await step(
    "a k-NN job says how accurate a checkpoint's embeddings are, and by what protocol",
    async () => {
      const job = await ended(await submit("knn", { checkpoint: checkpoints[2].id, k: 5 }));
      assertEquals(job.status, "succeeded", JSON.stringify(job));
      const { top1, k, temperature, bank_split, query_split } = job.result as Record<string, number>;
      assert(top1 >= 0 && top1 <= 1);
      assertEquals(
        [k, temperature, bank_split, query_split],
        [5, 0.1, "train", "test"] as unknown as number[],
      );
    },
  );

  await step("bad input gets a clear answer and harms nothing", async () => {
    const cut = await settled((await (await upload("cut", tar.slice(0, tar.length >> 1))).json()).id);
    assertEquals([cut.status, (cut.error as { code: string }).code], ["failed", "archive_malformed"]);

    const { packTar } = await import("modern-tar");
    const text = new TextEncoder().encode("this is no photograph"),
      [good] = (await unpackTar(tar)).filter((e) => e.data);
    const mixed = await packTar([
      { header: { name: "train/a/text.jpg", size: text.length }, body: text },
      { header: { name: "train/a/good.png", size: good.data!.length }, body: good.data },
    ]);
    const { id, counts } = await settled(
      (await (await upload("mixed&max_rejected=1", mixed)).json()).id,
    ) as unknown as {
      id: string;
      counts: { images: number; rejected: number };
    };
    assertEquals([counts.images, counts.rejected], [1, 1]);
    const { data: rejected } = await server.json(`/v1/datasets/${id}/rejected`) as unknown as {
      data: { path: string; reason: string }[];
    };
    assertEquals(rejected, [{
      path: "train/a/text.jpg",
      reason: "the bytes are no PNG, JPEG, GIF, TIFF, WebP, BMP or binary PNM",
    }]);

    const unknown = await server.post("/v1/jobs", {
      kind: "pretrain",
      dataset: "ds_01ARZ3NDEKTSV4RRFFQ69G5FAV",
      config: CONFIG,
    });
    assertEquals([unknown.status, (await unknown.json()).errors[0].pointer], [404, "#/dataset"]);

    const wrong = { ...CONFIG, batch: -1, tau: 2, optimizer: { name: "adam", base_lr: 1 } };
    const invalid = await server.post("/v1/jobs", { kind: "pretrain", dataset, config: wrong });
    const { errors } = await invalid.json() as { errors: { pointer: string }[] };
    assertEquals(
      [invalid.status, errors.map(({ pointer }) => pointer).sort()],
      [422, ["#/config/batch", "#/config/optimizer/name", "#/config/tau"]],
    );

    const before = (await server.json("/v1/datasets") as unknown as { data: unknown[] }).data.length;
    const long = await upload(
      "long",
      ReadableStream.from((function* () {
        for (let sent = 0; sent < tar.length + 100_000; sent += 50_000) yield new Uint8Array(50_000);
      })()),
    );
    assertEquals([long.status, (await long.json()).error.code !== undefined], [413, true]);
    const after = (await server.json("/v1/datasets") as unknown as { data: unknown[] }).data.length;
    assertEquals(after, before);
    assertEquals(await server.statusOf("/healthz"), 200);
  });

  await step(
    "the training child is killed: the job is tried again, and HTTP never stops answering",
    async () => {
      const job = await submit("pretrain", { ...CONFIG, steps: 24 });
      await server.until(
        () => server.json(`/v1/jobs/${job}`),
        ({ progress }) => (progress as { step: number })?.step > 0,
      );
      Deno.kill(await server.child("train"), "SIGKILL");
      assertEquals(await server.statusOf("/healthz"), 200);
      const { status, attempt } = await ended(job);
      assertEquals([status, attempt], ["succeeded", 2]);
    },
  );

  await step(
    "the server is killed: what it had acknowledged is there again, and the job is run",
    async () => {
      const job = await submit("pretrain", { ...CONFIG, steps: 24 });
      await server.until(
        () => server.json(`/v1/jobs/${job}`),
        ({ progress }) => (progress as { step: number })?.step > 0,
      );
      const orphans = [await server.child("train"), await server.child("embed")];
      assertEquals(orphans.map(isAlive), [true, true]);
      await server.crash();
      server = await TestServer.start(dataDir, { GPU_MEMORY_BYTES: String(MEMORY_BYTES) });
      assertEquals((await server.json(`/v1/datasets/${dataset}`)).status, "ready");
      assertEquals((await server.json(`/v1/checkpoints/${checkpoints[2].id}`)).files, checkpoints[2].files);
      const { status, attempt } = await ended(job);
      assertEquals([status, attempt], ["succeeded", 2]);
      // Children end when their server's end of the pipe closes.
      await server.until(() => Promise.resolve(orphans.some(isAlive)), (any) => !any, 30);
    },
  );

  await step(
    "a batch that the GPU's memory cannot hold is refused, with the largest that it can",
    async () => {
      const big = { ...CONFIG, arch: "resnet18", px: 64, batch: 16, steps: 2 };
      const post = () => server.post("/v1/jobs", { kind: "pretrain", dataset, config: big });
      let refused = await post();
      // A plan that is late, on a machine that is busy, lets it be queued, and then it fails.
      for (let tries = 0; refused.status === 202 && tries < 5; tries++) {
        const { status, error } = await ended((await refused.json()).id);
        assertEquals([status, (error as { code: string }).code], ["failed", "does_not_fit"]);
        refused = await post();
      }
      const { error, errors: [{ pointer }] } = await refused.json();
      assertEquals([refused.status, error.code, pointer], [422, "does_not_fit", "#/config/batch"]);
      const largest = Number(/the largest batch that fits is (\d+)$/.exec(error.message)?.[1]);
      assert(largest >= 2 && largest < 16, error.message);
      assertEquals((await ended(await submit("pretrain", { ...big, batch: largest }))).status, "succeeded");
    },
  );

  await step("a job in mixed precision tells its loss scale; where there is no f16, it says so", async () => {
    const job = await submit("pretrain", { ...CONFIG, steps: 4, precision: "mixed" });
    const { status, error, metrics } = await ended(job);
    // GPU_PROVIDER=auto, and the reason in the job and in the operator's view.
    const { data } = await server.json(`/v1/jobs/${job}/events?type=message&order=desc`, {
      headers: { Accept: "application/json" },
    });
    const told = (data as { data: { text: string } }[]).map(({ data: { text } }) => text)
      .find((text) => text.startsWith("Mixed precision is computed by "))!;
    await server.until(() => server.json("/v1/system"), ({ workers }) => { // told once a second
      const { mixed } = (workers as { role: string; mixed: string }[]).find(({ role }) => role === "train")!;
      return `Mixed precision is computed ${mixed}` === told;
    });
    if (status === "failed") return assertEquals((error as { code: string }).code, "no_shader_f16");
    const { loss, loss_scale, skipped_steps } = metrics as Record<string, number>;
    assert(loss > 0 && loss < 8 && loss_scale === 2 ** (16 - skipped_steps), JSON.stringify(metrics));
  });

  await step("a run that diverges fails, and names a checkpoint from before it did", async () => {
    const optimizer = { name: "sgd", base_lr: 100, weight_decay: 1, warmup_epochs: 0 };
    const job = await ended(await submit("pretrain", { ...CONFIG, optimizer, steps: 500 }));
    const { code, message } = job.error as { code: string; message: string };
    assertEquals([job.status, code], ["failed", "diverged"]);
    const good = /the last good checkpoint is (ckpt_\w+)$/.exec(message)?.[1];
    assertEquals((await server.json(`/v1/checkpoints/${good}`)).job, job.id, message);
  });

  await step("a running job is cancelled, and SIGTERM ends server and children", async () => {
    const job = await submit("pretrain", { ...CONFIG, steps: 5000 });
    await server.until(() => server.json(`/v1/jobs/${job}`), ({ status }) => status === "running");
    assertEquals((await server.post(`/v1/jobs/${job}/cancel`, {})).status, 200);
    assertEquals((await server.json(`/v1/jobs/${job}`)).status, "cancelled");
    const children = [await server.child("train"), await server.child("embed")];
    await server.stop();
    assertEquals(children.map(isAlive), [false, false]);
  });
  await Deno.remove(dataDir, { recursive: true });
});
