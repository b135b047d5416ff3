import { assert, assertAlmostEquals, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ByolState } from "../../src/byol/state.ts";
import { ByolStep } from "../../src/byol/step.ts";
import { DatasetReader } from "../../src/data/dataset_reader.ts";
import { preprocess } from "../../src/data/preprocess.ts";
import { ShardWriter } from "../../src/data/shard.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { RandomStream } from "../../src/domain/philox.ts";
import { knnAccuracy, type LabelledEmbeddings } from "../../src/evaluation/knn.ts";
import { uploadTensor } from "../../src/gpu/upload.ts";
import { Encoder } from "../../src/inference/encoder.ts";
import { preprocessingBytes, Preprocessor } from "../../src/inference/preprocess.ts";
import { OnlineEvaluation } from "../../src/workers/online_evaluation.ts";
import { noise, pipelines, upload } from "./oracle.ts";

const { device } = pipelines, PX = 12, DIM = 64, CLASSES = 3;
const CONFIG = { arch: "cifar_resnet8", projector: { hidden: 16, out: 8 }, predictor: { hidden: 16 } };
const SGD = { name: "sgd", weightDecay: 1e-4, momentum: 0.9, trustCoefficient: 1e-3 } as const;
const preprocessing = {
  px: PX,
  channel_mean: [0.4, 0.5, 0.6] as [number, number, number],
  channel_std: [0.2, 0.25, 0.3] as [number, number, number],
};
const evaluate = { knn_every_epochs: 1, k: 7, temperature: 0.1, split: "test" };
const config = { ...preprocessing, split: "train", batch: 128, micro_batch: null, evaluate };
const never = new AbortController().signal;

/** Images of three tints, of two sizes; the last of "test" has no class, those of "bare" have none. */
function writeDataset(): string {
  const directory = Deno.makeTempDirSync({ prefix: "online-evaluation-" }),
    writer = new ShardWriter(directory);
  const random = new RandomStream(1, 90);
  for (const [split, count] of [133, 38, 2].entries()) {
    for (let n = 0; n < count; n++) {
      const bare = split === 2 || (split === 1 && n === count - 1), label = random.below(CLASSES);
      const [width, height] = n % 3 === 0 ? [17, 13] : [PX, PX], pixels = new Uint8Array(width * height * 3);
      for (let i = 0; i < pixels.length; i++) pixels[i] = random.below(220) + (i % 3 === label ? 30 : 0);
      writer.add(`${split}/${n}.png`, { width, height, pixels }, split, bare ? -1 : label);
    }
  }
  const classes = ["a", "b", "c"], splits = ["train", "test", "bare"];
  writer.finish({ splits, classes, summary: {} as never }, [0, 1, 2], []);
  return directory;
}

const directory = writeDataset(), reader = DatasetReader.open(directory);
globalThis.addEventListener("unload", () => {
  reader.close();
  Deno.removeSync(directory, { recursive: true });
});

/** A run some steps in, so that its running statistics are not the first ones. */
async function trainedState(steps: number): Promise<{ state: ByolState; step: ByolStep }> {
  const state = new ByolState(device, CONFIG, SGD), views = upload(noise([8, PX, PX, 3], 5), "views");
  state.initialize(3);
  const step = await ByolStep.compile(pipelines, state, () => views);
  for (let k = 0; k < steps; k++) step.run(k, { lr: 0.05, tau: 0.9 });
  return { state, step };
}

/** What the frozen encoder of a checkpoint makes of a split, preprocessed on the CPU. */
async function frozenEmbeddings(state: ByolState, split: string): Promise<LabelledEmbeddings> {
  const { model } = await state.read(0), encoder = new Encoder(pipelines, CONFIG.arch, PX, model);
  const items = reader.items(split).filter((n) => reader.classOf(n) >= 0);
  const images = new Float32Array(items.length * PX * PX * 3);
  items.forEach((n, i) => images.set(preprocess(reader.image(n), preprocessing), i * PX * PX * 3));
  const rows = await encoder.embed(images);
  encoder.destroy();
  return { rows, labels: Int32Array.from(items, (n) => reader.classOf(n)) };
}

function expectSameTensors(
  a: Awaited<ReturnType<ByolState["read"]>>,
  b: Awaited<ReturnType<ByolState["read"]>>,
): void {
  assertEquals([...a.trainingState.keys()], [...b.trainingState.keys()]);
  for (const [name, { data }] of a.trainingState) {
    const [x, y] = [data, b.trainingState.get(name)!.data].map((v) => new Uint32Array(v.buffer.slice(0)));
    assert(x.length === y.length && x.every((bits, i) => bits === y[i]), name);
  }
}

/** Counts the bytes of storage buffers on the device, from now to `end`. */
class MemoryWatch {
  taken = 0;
  most = 0;
  readonly #create = device.createBuffer;
  constructor() {
    device.createBuffer = (descriptor) => {
      const buffer = this.#create.call(device, descriptor), destroy = buffer.destroy;
      if (!(descriptor.usage & GPUBufferUsage.STORAGE)) return buffer; // constants, readbacks: not what is planned
      this.most = Math.max(this.most, this.taken += descriptor.size);
      buffer.destroy = () => {
        this.taken -= descriptor.size;
        destroy.call(buffer);
      };
      return buffer;
    };
  }
  end(): void {
    device.createBuffer = this.#create;
  }
}

Deno.test("a live network embeds, bit for bit, as the encoder of its checkpoint does, before and after a step", async () => {
  const { state, step } = await trainedState(2), { online, spec } = state;
  const images = new Float32Array(noise([130, PX, PX, 3], 8).data);
  const live = Encoder.over(pipelines, online, spec, PX, { prefix: "encoder", images: 1000 });
  let earlier: Float32Array | undefined;
  for (let k = 2; k < 4; k++) {
    const { model } = await state.read(k), frozen = new Encoder(pipelines, CONFIG.arch, PX, model);
    const rows = await live.embed(images);
    assertEquals(rows, await frozen.embed(images));
    assert(earlier === undefined || rows.some((v, i) => v !== earlier![i]), "the step is not seen");
    earlier = rows;
    frozen.destroy();
    step.run(k, { lr: 0.05, tau: 0.9 });
  }
  live.destroy();
  await state.read(4); // the network is still there
  step.destroy();
  state.destroy();
});

Deno.test("an evaluation's k-NN is the CPU's over the checkpoint's embeddings, and its text says how it came about", async () => {
  const { state, step } = await trainedState(3), { online, spec } = state;
  const evaluation = OnlineEvaluation.open(pipelines, { reader, config, online, spec });
  const bank = await frozenEmbeddings(state, "train"), queries = await frozenEmbeddings(state, "test");
  for (let i = 0; i < 2; i++) { // recorded once, replayed
    const { metrics, text } = await evaluation.run(never);
    const expected = knnAccuracy(bank, queries, DIM, evaluate);
    assertAlmostEquals(metrics.knn_top1, expected, 1e-12);
    assertEquals(metrics, { knn_top1: metrics.knn_top1, knn_k: 7, knn_temperature: 0.1 });
    assertEquals(
      text,
      `k-NN top-1 ${
        expected.toFixed(4)
      } on test (37 images, 1 more without a class; bank: train, 133 images; ` +
        "k 7, T 0.1, cosine, running statistics, no augmentation)",
    );
  }
  evaluation.destroy();

  const all = { ...config, evaluate: { ...evaluate, k: 1000, split: "train" } };
  const same = OnlineEvaluation.open(pipelines, { reader, config: all, online, spec });
  const { metrics, text } = await same.run(never);
  assertEquals(metrics.knn_k, 133);
  assertAlmostEquals(metrics.knn_top1, knnAccuracy(bank, bank, DIM, all.evaluate), 1e-12);
  assert(
    text.includes("on train (133 images; bank: train, 133 images, the queries themselves; k 133,"),
    text,
  );
  same.destroy();
  step.destroy();
  state.destroy();
});

Deno.test("an evaluation leaves weights and running statistics as they were, and the next step's bits too", async () => {
  const plain = await trainedState(3), evaluated = await trainedState(2), { state, step } = evaluated;
  const evaluation = OnlineEvaluation.open(pipelines, { reader, config, ...state });
  const before = await state.read(2);
  await evaluation.run(never);
  expectSameTensors(await state.read(2), before);
  step.run(2, { lr: 0.05, tau: 0.9 });
  evaluation.destroy();
  expectSameTensors(await state.read(3), await plain.state.read(3));
  for (const { state, step } of [plain, evaluated]) {
    step.destroy();
    state.destroy();
  }
});

Deno.test("a probe's accuracy is that of float64 logits over the same embeddings", async () => {
  const { state, step } = await trainedState(1), { online, spec } = state;
  const evaluation = OnlineEvaluation.open(pipelines, { reader, config, online, spec });
  const queries = await frozenEmbeddings(state, "test");
  const weight = noise([CLASSES, DIM], 21), bias = noise([CLASSES], 22, { std: 0.1 });
  const { metrics, text } = await evaluation.run(never, { weight: upload(weight), bias: upload(bias) });
  const right = queries.labels.filter((label, n) => {
    const logits = Array.from(bias.data, (b, c) => {
      let sum = b;
      for (let i = 0; i < DIM; i++) sum += weight.data[c * DIM + i] * queries.rows[n * DIM + i];
      return sum;
    });
    return logits.indexOf(Math.max(...logits)) === label;
  }).length;
  assertEquals(metrics.probe_top1, right / queries.labels.length);
  const said = `; linear probe top-1 ${metrics.probe_top1!.toFixed(4)} on the same embeddings of test`;
  assert(text.endsWith(said), text);
  evaluation.destroy();
  step.destroy();
  state.destroy();
});

Deno.test("an evaluation takes no more GPU memory than it said it would", async () => {
  const { state, step } = await trainedState(0),
    { online, spec } = state,
    probe = {
      weight: upload(noise([CLASSES, DIM], 21)),
      bias: upload(noise([CLASSES], 22)),
    };
  await state.read(0);
  const memory = new MemoryWatch();
  try {
    const evaluation = OnlineEvaluation.open(pipelines, { reader, config, online, spec }),
      opened = memory.taken;
    assert(opened <= 4096, `${opened} bytes were taken before they were asked for`);
    const encoder = Encoder.over(pipelines, online, spec, PX, { prefix: "encoder", images: 133 });
    await evaluation.prepare();
    assertEquals(memory.taken - opened, encoder.bytes);
    await evaluation.run(never, probe);
    assertEquals(memory.taken - opened, encoder.bytes, "something was not freed");
    const most = memory.most - opened;
    assert(most <= evaluation.bytes, `${most} bytes taken, ${evaluation.bytes} planned`);
    assert(evaluation.bytes < 2 * most, `${most} bytes taken, ${evaluation.bytes} planned`);
    evaluation.destroy();
    assertEquals(memory.taken, 0);
  } finally {
    memory.end();
  }
  step.destroy();
  state.destroy();
});

for (const [width, height] of [[1, 1], [1, 700], [700, 1], [3, 5], [12, 12], [640, 480], [37, 3000]]) {
  Deno.test(`preprocessing takes no more GPU memory than was said, ${width} × ${height} pixels`, async () => {
    const preprocessor = new Preprocessor(pipelines, preprocessing), memory = new MemoryWatch();
    const x = uploadTensor(device, "x", [3, PX, PX, 3], "f32"), held = memory.taken;
    const image = { width, height, pixels: new Uint8Array(3 * width * height) };
    for (const count of [1, 3]) {
      memory.most = held;
      await preprocessor.write(Array(count).fill(image), x);
      const most = memory.most - held, planned = preprocessingBytes(Array(count).fill(image), PX);
      assert(most <= planned, `${most} bytes taken, ${planned} planned`);
    }
    memory.end();
    x.storage.buffer.destroy();
    preprocessor.destroy();
  });
}

Deno.test("what cannot be evaluated is refused before anything is taken", async () => {
  const { state, step } = await trainedState(0), { online, spec } = state;
  const open = (other: Partial<typeof config>, hostBudget?: number) => () =>
    OnlineEvaluation.open(pipelines, { reader, config: { ...config, ...other }, online, spec, hostBudget });
  const bare = assertThrows(
    open({ evaluate: { ...evaluate, split: "bare" } }),
    DomainError,
    "bare has no images",
  );
  assertEquals(bare.options.errors?.[0].pointer, "#/config/evaluate/split");
  const unknown = assertThrows(open({ split: "nothing" }), DomainError, "nothing has no images");
  assertEquals(unknown.options.errors?.[0].pointer, "#/config/split");
  const needed = 4 * DIM * (133 + 37);
  const large = assertThrows(open({}, needed - 1), DomainError, "embeddings of 170 images, 64 numbers each");
  assertEquals(large.options.type, "bank_too_large");
  open({}, needed)().destroy();

  const evaluation = open({})();
  const error = await assertRejects(() => evaluation.run(AbortSignal.abort(new Error("enough"))), Error);
  assertEquals(error.message, "enough");
  // Rectifiers may turn what is no number into 0; infinity stays.
  online.values.write("encoder.layer3.0.bn2.bias", new Float32Array(DIM).fill(Infinity));
  const diverged = await assertRejects(() => evaluation.run(never), DomainError, "not finite");
  assertEquals(diverged.options.type, "diverged");
  evaluation.destroy();
  step.destroy();
  state.destroy();
});
