import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { ShardWriter } from "../../src/data/shard.ts";
import { DomainError } from "../../src/domain/errors.ts";
import { NeighborBank } from "../../src/evaluation/neighbor_bank.ts";
import type { Encoder } from "../../src/inference/encoder.ts";
import type { Preprocessor } from "../../src/inference/preprocess.ts";
import { ResidentModels } from "../../src/inference/resident_models.ts";
import { answerNeighbors } from "../../src/workers/neighbor_answers.ts";
import { NeighborIndexes, type ResidentIndex } from "../../src/workers/neighbor_indexes.ts";
import { Serial } from "../../src/workers/serial.ts";
import { pipelines } from "./oracle.ts";

const IMAGES = 600, DIM = 32, NEVER = new AbortController().signal;
const KEY = {
  checkpoint: "ckpt_01M88CBGKDP4JZY3SP91EM097W",
  dataset: "ds_01M88C9NZ84RN64FWBFXK166V1",
  fingerprint: `sha256:${"ab".repeat(32)}`,
};

/** A model that makes of a piece's r-th image an embedding of r and the piece's size: no network, and soon. */
function fakeModel(embedded: (images: number) => Promise<void>, value = 1) {
  const encoder = {
    dim: DIM,
    async embedFrom(n: number) {
      await embedded(n);
      return Float32Array.from({ length: n * DIM }, (_, i) => value * Math.sin(i + n));
    },
  };
  return { encoder: encoder as unknown as Encoder, preprocessor: {} as Preprocessor };
}

async function withDataset(check: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await Deno.makeTempDir({ prefix: "latentd-indexes-" });
  await Deno.mkdir(join(dataDir, "datasets"));
  const writer = new ShardWriter(join(dataDir, "datasets", KEY.dataset));
  const image = { width: 1, height: 1, pixels: new Uint8Array(3) };
  for (let n = 0; n < IMAGES; n++) writer.add(`${n}.png`, image, 0, -1);
  const summary = { fingerprint: KEY.fingerprint } as never;
  writer.finish({ splits: ["train"], classes: [], summary }, [], []);
  try {
    await check(dataDir);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
}
function indexesOf(
  dataDir: string,
  maxBytes: number,
  model: ReturnType<typeof fakeModel>,
  serial = new Serial(),
): NeighborIndexes {
  const resident = new ResidentModels<ResidentIndex>(maxBytes, (name, room) => indexes.load(name, room));
  const indexes: NeighborIndexes = new NeighborIndexes({
    ...{ pipelines, dataDir, serial, maxBytes },
    use: (_, work) => work(model),
    useIndex: (name, work) => resident.use(name, work),
  });
  return indexes;
}
const say = () => Promise.resolve();
const search = (key = KEY, items: (number | null)[] = [3]) => ({
  ...{ type: "neighbors" as const, id: 1, key, k: 5, items },
});

Deno.test("NeighborIndexes lets who waits for the GPU go before the next piece, and makes each index once", () =>
  withDataset(async (dataDir) => {
    const serial = new Serial(), order: string[] = [];
    const model = fakeModel((images) => {
      order.push(`${images}`);
      serial.run(() => Promise.resolve(void order.push("request"))); // comes while a piece is worked on
      return Promise.resolve();
    });
    const indexes = indexesOf(dataDir, 2 ** 30, model, serial);
    await Promise.all([indexes.build(KEY, say, NEVER), indexes.build(KEY, say, NEVER)]);
    const pieces = order.filter((what) => what !== "request").map(Number);
    assertEquals(pieces.reduce((sum, images) => sum + images, 0), IMAGES);
    assert(pieces.length >= 3 && Math.max(...pieces) <= 128, `${pieces}`);
    assertEquals(order.filter((_, i) => i % 2 === 1), pieces.map(() => "request"));
    const [found] = await answerNeighbors(indexes, search(), new Uint8Array(), NEVER);
    assertEquals([found.length, found.some(({ n }) => n === 3), found[0].split], [5, false, "train"]);
  }));

Deno.test("NeighborIndexes refuses by name what is too large, not finite, changed, cancelled or not there", () =>
  withDataset(async (dataDir) => {
    let embedded = 0;
    const count = () => Promise.resolve(void embedded++);
    const bytes = NeighborBank.bytesFor(pipelines, IMAGES, DIM);
    const indexes = (maxBytes: number, value = 1) => indexesOf(dataDir, maxBytes, fakeModel(count, value));
    const refused = async (act: () => Promise<unknown>) =>
      (await assertRejects(act, DomainError)).options.type;
    assertEquals(await refused(() => indexes(bytes - 1).build(KEY, say, NEVER)), "index_too_large");
    assertEquals(embedded, 0);
    assertEquals(await refused(() => indexes(bytes, NaN).build(KEY, say, NEVER)), "embeddings_not_finite");
    const other = { ...KEY, fingerprint: `sha256:${"cd".repeat(32)}` };
    assertEquals(await refused(() => indexes(bytes).build(other, say, NEVER)), "dataset_changed");
    const gone = AbortSignal.abort(new Error("gone"));
    await assertRejects(() => indexes(bytes).build(KEY, say, gone), Error, "gone");
    const all = indexes(bytes);
    const ask = (items: number[]) => answerNeighbors(all, search(KEY, items), new Uint8Array(), NEVER);
    assertEquals(await refused(() => ask([0])), "index_missing");
    await all.build(KEY, say, NEVER);
    assertEquals((await ask([0, IMAGES - 1])).length, 2);
    await assertRejects(() => ask([IMAGES]), DomainError, `there is no item ${IMAGES}`);
  }));
