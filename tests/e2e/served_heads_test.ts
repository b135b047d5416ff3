// What a probe or a fine-tuning makes is what is served and what is exported: over the test split all three find the
// accuracy that the job told.
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { unpackTar } from "modern-tar";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { decodeImage } from "../../src/data/decode.ts";
import { standIns } from "./photographs.ts";
import { TestServer } from "./server.ts";

const PX = 32, CLASSES = ["disc", "stripes"];
/** What the server classifies by is f32 up to the embedding; ONNX Runtime sums in another order. */
const SCORE = 1e-4;
const PRETRAIN = {
  ...{ arch: "cifar_resnet8", px: PX, batch: 16, steps: 2, evaluate: null },
  ...{ projector: { hidden: 32, out: 16 }, predictor: { hidden: 32 } },
};

Deno.test({
  name: "heads that jobs make are served and exported as they were judged",
  sanitizeOps: false, // the server and its children outlive steps
  sanitizeResources: false,
}, async (context) => {
  const directory = await Deno.makeTempDir({ prefix: "latentd-heads-" }), tar = await standIns();
  const server = await TestServer.start(directory);
  try {
    const { id: dataset } = await server.json("/v1/datasets?name=shapes", {
      ...{ method: "POST", headers: { "Content-Type": "application/x-tar" }, body: tar },
    });
    await server.until(() => server.json(`/v1/datasets/${dataset}`), ({ status }) => status === "ready");
    const run = async (kind: string, config: object) => {
      const response = await server.post("/v1/jobs", { kind, dataset, config }), body = await response.json();
      assertEquals(response.status, 202, JSON.stringify(body));
      const job = await server.until(
        () => server.json(`/v1/jobs/${body.id}`),
        ({ status }) => ["succeeded", "failed"].includes(status),
        300,
      );
      assertEquals(job.status, "succeeded", JSON.stringify(job.error));
      return job.result as { checkpoint: string; top1: number };
    };
    const { checkpoint: init } = await run("pretrain", PRETRAIN);
    const tests = (await unpackTar(tar)).filter(({ header }) => header.name.startsWith("test/"));
    const files = tests.map(({ data }) => data as Uint8Array<ArrayBuffer>);
    const truth = tests.map(({ header }) => CLASSES.indexOf(header.name.split("/")[1]));
    assertEquals(files.length, 16);

    for (
      const [kind, config] of [
        ["linear_probe", { checkpoint: init, protocol: "lbfgs" }],
        ["finetune", { init, label_fraction: 1, batch: 16, base_lr: [0.5], steps: [40], validation: null }],
      ] as const
    ) {
      await context.step(kind, async () => {
        const { checkpoint, top1 } = await run(kind, config);
        const answer = await server.post("/v1/classifications", {
          ...{ model: checkpoint, input: files.map((bytes) => bytes.toBase64()) },
        });
        assertEquals(answer.status, 200);
        const { data } = await answer.json() as {
          data: { labels: { label: string; score: number }[] }[];
        };
        const scores = data.map(({ labels }) =>
          CLASSES.map((name) => labels.find(({ label }) => label === name)!.score)
        );
        assertEquals(accuracy(scores, truth), top1, "the server's answers are not what the job found");

        const model = await server.fetch(`/v1/checkpoints/${checkpoint}/files/model.onnx`);
        assertEquals(model.status, 200);
        const session = await InferenceSession.create(await model.bytes(), { logSeverityLevel: 3 });
        const shown = await server.json(`/v1/checkpoints/${checkpoint}/files/config.json`) as unknown as {
          pretrained_cfg: { mean: number[]; std: number[] };
        };
        const { mean, std } = shown.pretrained_cfg;
        const values = new Float32Array(files.length * 3 * PX * PX);
        for (const [n, bytes] of files.entries()) {
          const { pixels } = await decodeImage(bytes);
          for (let i = 0; i < PX * PX * 3; i++) {
            const c = i % 3, at = (n * 3 + c) * PX * PX + Math.floor(i / 3);
            values[at] = (pixels[i] / 255 - mean[c]) / std[c];
          }
        }
        const { logits } = await session.run({
          pixel_values: new Tensor("float32", values, [files.length, 3, PX, PX]),
        });
        assertEquals(logits.dims, [files.length, CLASSES.length]);
        const theirs = scores.map((_, n) =>
          softmax([...(logits.data as Float32Array).slice(2 * n, 2 * n + 2)])
        );
        for (const [n, row] of theirs.entries()) {
          for (const [k, score] of row.entries()) assertAlmostEquals(score, scores[n][k], SCORE);
        }
        await session.release();

        // As a model, too, it says what it is; and another service finds what became of the checkpoint it began with.
        const named = await server.json(`/v1/models/${checkpoint}`) as unknown as Record<string, unknown>;
        assertEquals([named.task, named.labels], ["classification", 2]);
        const { data: evaluations } = await server.json(`/v1/checkpoints/${init}/evaluations`) as unknown as {
          data: { kind: string }[];
        };
        assert(evaluations.some((row) => row.kind === kind), JSON.stringify(evaluations));
      });
    }
  } finally {
    await server.stop();
    await Deno.remove(directory, { recursive: true });
  }
});

const accuracy = (scores: number[][], truth: number[]): number =>
  scores.filter(([disc, stripes], n) => (stripes > disc ? 1 : 0) === truth[n]).length / truth.length;

function softmax(logits: number[]): number[] {
  const most = Math.max(...logits), weights = logits.map((x) => Math.exp(x - most));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}
