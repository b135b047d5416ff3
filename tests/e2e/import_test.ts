// What a stranger brings: torchvision's models as files, over HTTP, and PyTorch's embeddings and classes of photographs.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { encodePng } from "../../src/data/encode_png.ts";
import type { Checkpoint } from "../../src/domain/checkpoint.ts";
import { safetensors } from "../unit/import/import_scene.ts";
import { tensorsOf } from "../unit/export/export_scene.ts";
import { mostBytes } from "./memory.ts";
import { noise, noiseTar } from "./noise.ts";
import { largePhotographs } from "./photographs.ts";
import { pythonWithTorch, runPython } from "./python.ts";
import { TestServer } from "./server.ts";

const PX = 224, PHOTOS = 3, CLASSES = 20, SCRIPT = new URL("./import_in_torch.py", import.meta.url);
const photos = await largePhotographs(PHOTOS),
  python = await pythonWithTorch("torch, torchvision, numpy, PIL");
const missing = !photos
  ? "no photographs are here"
  : !python
  ? "no python3 with torch, torchvision, numpy and Pillow is here"
  : undefined;
const ANY = { sanitizeOps: false, sanitizeResources: false }; // the server and its children outlive steps

const send = (server: TestServer, bytes: BodyInit, query = "") =>
  server.fetch(`/v1/checkpoints${query}`, {
    ...{ method: "POST", body: bytes, headers: { "Content-Type": "application/octet-stream" } },
  });
async function take(server: TestServer, bytes: BodyInit, query = ""): Promise<Checkpoint> {
  const response = await send(server, bytes, query), body = await response.json();
  assertEquals(response.status, 201, JSON.stringify(body));
  assertEquals(response.headers.get("Location"), `/v1/checkpoints/${body.id}`);
  return body;
}
const modelOf = async (server: TestServer, { id }: Checkpoint, query = "") =>
  await (await server.fetch(`/v1/checkpoints/${id}/files/model.safetensors${query}`)).bytes();
const cosine = (a: number[], b: number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i], 0) / (Math.hypot(...a) * Math.hypot(...b));

for (const arch of ["resnet18", "resnet50"]) {
  Deno.test({
    name: `torchvision's ${arch}, imported, is PyTorch's${missing ? ` (skipped: ${missing})` : ""}`,
    ignore: missing !== undefined,
    ...ANY,
  }, async () => {
    const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-import-" });
    const server = await TestServer.start(dataDir, { EMBED_LIMIT_SECONDS: "600" });
    try {
      const paths = photos!.map((_, n) => `${dataDir}/${n}.jpg`),
        folder = await Deno.makeTempDir({ dir: dataDir });
      for (const [n, path] of paths.entries()) await Deno.writeFile(path, photos![n]);
      const args = [arch, String(CLASSES), String(PX), folder, ...paths];
      const expected = await runPython(python!, SCRIPT, args) as Record<"embeddings" | "scores", number[][]>;
      const file = (name: string) => Deno.readFile(`${folder}/${name}`),
        theirs = await file("model.safetensors");

      const whole = await take(server, theirs);
      assertEquals([whole.arch, whole.px, whole.job], [arch, PX, null]);
      const back = await modelOf(server, whole);
      assert(
        back.length === theirs.length && back.every((byte, i) => byte === theirs[i]),
        "other bytes came back",
      );
      const headless = await take(server, await file("headless.safetensors"), `?arch=${arch}&px=${PX}`);
      const pickle = await send(server, await file("model.pt"));
      assertEquals(pickle.status, 415);
      assertStringIncludes((await pickle.json()).detail, "safetensors.torch");

      await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
      const input = photos!.map((bytes) => bytes.toBase64());
      const resized = await Promise.all(paths.map(async (_, n) => (await file(`${n}.png`)).toBase64()));
      const ask = async (path: string, body: Record<string, unknown>) => {
        const answer = await (await server.post(path, { input, ...body })).json();
        assert(answer.data, JSON.stringify(answer));
        return answer.data;
      };
      const rows: { embedding: number[] }[] = await ask("/v1/embeddings", { model: whole.id });
      for (const [n, { embedding }] of rows.entries()) {
        const same = cosine(embedding, expected.embeddings[n]);
        assert(same >= 0.9999, `photograph ${n}: cosine ${same}`);
      }
      assertEquals(await ask("/v1/embeddings", { model: headless.id }), rows);
      // Of JPEGs that each side decodes and resizes itself, scores were seen 1.4e-4 apart; here only the network can differ.
      const classes: { labels: { label: string; score: number }[] }[] = await ask("/v1/classifications", {
        ...{ model: whole.id, top_k: CLASSES, input: resized },
      });
      for (const [n, { labels }] of classes.entries()) {
        assertEquals(labels.map(({ label }) => Number(label)).sort((a, b) => a - b), [
          ...Array(CLASSES).keys(),
        ]);
        assert(
          labels.every(({ score }, i) => i === 0 || score <= labels[i - 1].score),
          "they are not ranked",
        );
        for (const { label, score } of labels) {
          const apart = Math.abs(score - expected.scores[n][Number(label)]);
          assert(apart <= 1e-5, `photograph ${n}, class ${label}: ${score}, ${apart} from PyTorch's`);
        }
      }
      const refused = await server.post("/v1/classifications", { model: headless.id, input: input[0] });
      assertEquals([refused.status, (await refused.json()).error.code], [422, "not_a_classifier"]);
      if (arch !== "resnet18") return;
      const half = await ask("/v1/embeddings", {
        ...{ model: (await take(server, await file("bf16.safetensors"))).id, input: input[0] },
      });
      const near = cosine(half[0].embedding, expected.embeddings[0]);
      assert(near > 0.999 && near < 1, `of bf16 the cosine is ${near}`);
    } finally {
      await server.stop();
      await Deno.remove(dataDir, { recursive: true });
    }
  });
}

Deno.test({
  name:
    "an imported checkpoint is a checkpoint: exported and taken again, judged, named, deleted; and swept after a crash",
  ...ANY,
}, async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-e2e-import-" });
  let server = await TestServer.start(dataDir);
  try {
    const tensors = tensorsOf({ arch: "cifar_resnet8", labels: ["a", "b", "c"] }),
      bytes = safetensors(tensors);
    const made = await take(server, bytes, "?px=16&mean=0.5,0.5,0.5&std=0.2,0.2,0.2");
    assertEquals(await modelOf(server, made), bytes);
    const again = await take(server, await modelOf(server, made), "?px=16&mean=0.5,0.5,0.5&std=0.2,0.2,0.2");
    assert(again.id !== made.id);
    assertEquals(again.files, made.files);

    const { id: dataset } = await server.json("/v1/datasets?name=noise", {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: await noiseTar(16, 16) },
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const { splits } = await server.json(`/v1/datasets/${dataset}`), [split] = Object.keys(splits as object);
    const config = { checkpoint: made.id, k: 3, bank_split: split, query_split: split };
    const { id: job } = await (await server.post("/v1/jobs", { kind: "knn", dataset, config })).json();
    const judged = await server.until(
      () => server.json(`/v1/jobs/${job}`),
      ({ status }) => ["succeeded", "failed"].includes(status),
    );
    assertEquals(judged.status, "succeeded", JSON.stringify(judged.error));
    const init = { arch: "cifar_resnet8", px: 16, steps: 1, init: made.id };
    const refused = await server.post("/v1/jobs", { kind: "pretrain", dataset, config: init });
    assertEquals(refused.status, 422);
    await refused.body?.cancel();

    const alias = await server.fetch("/v1/models/imported", {
      ...{ method: "PUT", headers: { "Content-Type": "application/json" } },
      body: JSON.stringify({ checkpoint: made.id }),
    });
    const { task, labels } = await alias.json();
    assertEquals([task, labels], ["classification", 3]);
    await server.until(() => server.statusOf("/readyz"), (status) => status === 200);
    const input = new Uint8Array(await encodePng(noise(16, 1))).toBase64();
    const embeddingBy = async (model: string) =>
      (await (await server.post("/v1/embeddings", { model, input })).json()).data[0].embedding;
    assertEquals(await embeddingBy("imported"), await embeddingBy(again.id));
    const gone = await server.fetch(`/v1/checkpoints/${again.id}`, { method: "DELETE" });
    assertEquals([gone.status, await server.statusOf(`/v1/checkpoints/${again.id}`)], [204, 404]);

    // A header that claims 8 EB takes no memory of the server, and a model goes through a thread that then ends.
    const claims = new Uint8Array(1000).fill(0x20);
    new DataView(claims.buffer).setBigUint64(0, 2n ** 63n - 1n, true);
    const before = mostBytes(server.process.pid);
    for (let n = 0; n < 5; n++) {
      const { status, body } = await send(server, claims);
      await body?.cancel();
      assertEquals(status, 422);
    }
    const grown = mostBytes(server.process.pid) - before;
    assert(grown < 200 * 2 ** 20, `the server has grown by ${grown} bytes`);

    // An upload that the server's death cuts off.
    const half = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 1000)),
    });
    send(server, half).then((response) => response.body?.cancel(), () => {});
    const lying = () => [...Deno.readDirSync(`${dataDir}/checkpoints`)].map(({ name }) => name).sort();
    await server.until(
      () => Promise.resolve(lying()),
      (names) => names.some((name) => name.endsWith(".upload")),
    );
    await server.crash();
    server = await TestServer.start(dataDir);
    assertEquals(lying(), [made.id]);
    const { data } = await server.json("/v1/models");
    assertEquals((data as { checkpoint: string }[]).map(({ checkpoint }) => checkpoint), [made.id, made.id]);
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
